"""Who may hand in which entry. Whether it is true and allowed at all, the engine's directory decides."""

from inmost_server.refusals import NotAllowed


def may_append(kind: str, author: bytes | None, user: bytes, *, is_recovering: bool) -> None:
    """Everybody hands in their own entries; claims come by REST, with password and second factor."""
    if kind == "claim" or author != user:
        raise NotAllowed("Only one's own entries, and claims only with an invitation.")
    if is_recovering and kind != "chain":
        raise NotAllowed("A session for coming back may only add and revoke devices.")


def vault_is_pinned(kind: str, author: bytes | None, user: bytes, entry: bytes, vault_hash: bytes) -> None:
    """A vault comes with the entry that pins it: of its own user, naming its hash."""
    if kind != "vault" or author != user or vault_hash not in entry:
        raise NotAllowed("That entry pins another vault.")
