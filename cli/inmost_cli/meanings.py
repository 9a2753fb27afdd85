"""What each alarm means and what to do now, in words for whoever has to act."""

from typing import Final

TELL: Final = "Tell an administrator, by another way than this conversation."
# By kind (docs/protocol/engine.md): what it means, what to do now.
KINDS: Final[dict[str, tuple[str, str]]] = {
    "DirectoryForked": (
        "The server shows different people different lists of who is here",
        f"Nobody can be added meanwhile. Share nothing sensitive. {TELL}",
    ),
    "LogForked": (
        "The server shows different people different messages",
        f"Ask the others what they see, by telephone. {TELL}",
    ),
    "IdentityMismatch": (
        "Somebody is not who they were",
        "Share nothing sensitive with them until you have compared numbers (inmost verify; in inmost chat: v).",
    ),
    "WrongLink": ("A member's device gave wrong keys to older messages", f"Those messages stay closed until another device repairs it. {TELL}"),
    "LinkMissing": ("Keys to older messages are missing", "They come when a colleague's device has been online. Nothing is to be done."),
    "RemovalWithoutCause": ("The server tried to remove somebody without a reason", f"It was not followed. {TELL}"),
    "Equivocation": ("A device sent two different messages as one", f"The first is shown. Ask its owner, and revoke the device if in doubt. {TELL}"),
    "BadSeal": ("A message is not what a member sealed", f"It is not shown as theirs. Once may be an error; if it comes again: {TELL[0].lower()}{TELL[1:]}"),
    "VaultRolledBack": ("The server gave an old copy of what your recovery key opens", f"It was refused. {TELL}"),
    "CommitRefused": ("A change of who can read was against the rules", f"It was not followed. {TELL}"),
    "BackdatedDevice": ("A device claims to be older than it is", f"Do not trust what it says of the past. {TELL}"),
    "InvitationClaimedTwice": (
        "Two people used one invitation: one of them may have intercepted it",
        "Both accounts are stopped. An administrator asks the invited person, face to face or by telephone, and invites them again.",
    ),
    "NotAllowed": (
        "Somebody said what their role does not let them say, and the server let it through",
        f"It is not shown. Ask them what they meant. {TELL}",
    ),
    "ServerMisbehaved": ("The server answered as no honest server does", f"This device goes on by itself if it can. If it comes again: {TELL[0].lower()}{TELL[1:]}"),
}  # fmt: skip


def meaning_of(kind: str) -> tuple[str, str]:
    """(what it means, what to do)."""
    return KINDS.get(kind, ("Something did not add up", TELL))
