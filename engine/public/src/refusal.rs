//! Every way the protocol says no: a stable code for programs, words for people, and in each docstring what to do then.

/// A refusal. Nothing has changed. `code()` is stable and crosses the wire; the words may be improved at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The bytes are not what the protocol says they are. Do not send them again; this is a bug or an attack.
    Malformed,
    /// Larger or smaller than a limit allows. Split it, or send it as a file.
    TooLarge,
    /// A signature does not verify, is missing, or is one too many. Do not use the content; sign anew with the right key.
    BadSignature,
    /// The entry's prev is not its chain's present head. Fetch the directory and sign the change anew; it is no fork.
    StaleChain,
    /// The author's role or state does not allow this. Ask somebody whose role does.
    NotAllowed,
    /// The user, device or invitation is not in the directory. Fetch the directory up to its head.
    Unknown,
    /// It exists already (account, device, invitation, user). Choose another.
    AlreadyExists,
    /// The invitation's time has passed, or it was withdrawn. Ask for a new one.
    InvitationExpired,
    /// The head names an entry that the directory does not have at that place. Fetch the directory; if the heads still differ, it is a fork: stop adding people and show it.
    DirectoryForked,
    /// The head is older than one the group already knows, or newer than the reader's directory. Fetch the directory and make the commit anew.
    DirectoryBehind,
    /// A time decreases, or is more than CLOCK_SKEW_MS from the clock. Correct the clock and sign anew.
    ClockSkewed,
    /// The commit's shape is not one that is allowed. Fetch commits and make it anew.
    CommitMalformed,
    /// The device has no leaf in the group, or it or its user is not active. Join, or ask to be added.
    NotAMember,
    /// A removal waits to be committed. Commit it first, then send again.
    RemovalPending,
    /// A leaf is not the identity that the directory knows. Do not add it; show it.
    IdentityMismatch,
    /// The commit needs an update path. Make it anew with one.
    PathRequired,
    /// The external commit does more than join or replace the same device, or this joiner may not come in by itself. Ask a member to add you.
    ExternalForbidden,
    /// The group moved on. Fetch commits up to `current_epoch`, make or seal it again, resend.
    StaleEpoch { current_epoch: u64 },
    /// The group exists already. Fetch it.
    ConversationExists,
    /// The GroupInfo or Welcome uploaded with a commit does not belong to it. Make the commit anew.
    GroupInfoMismatch,
    /// The commit was accepted elsewhere but does not process here. Resync, and complain.
    CommitInvalid,
    /// A removal proposed by the server has no cause that covers the leaf. Drop it and show it.
    RemovalWithoutCause,
    /// A sealed message stands in another place than its header says. Drop it and show it.
    WrongPlace,
    /// The device was not in the roster of the epoch. Drop it and show it.
    NotInRoster,
    /// No content key for this epoch yet. It opens by itself when a history link arrives.
    WaitingForHistory,
    /// Commitment or authentication tag do not match. Drop it and show it.
    Corrupt,
    /// The content does not belong into this kind of message. Drop it.
    WrongKind,
    /// The same device used one message id for two contents. Keep the first, show it.
    Equivocation,
    /// The author saw another log than this device. Stop sealing here and show it.
    LogForked,
    /// Sealed for an epoch before a removal that was already in order. Seal it again, keeping id and content.
    SealedForThePast,
    /// The history link does not hold what this device computed. Repair it.
    WrongLink,
    /// The vault is not the one the directory pins. Refuse it and show it.
    VaultRolledBack,
}

impl Refusal {
    /// The stable name of this refusal, as docs/protocol and the frames write it.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Malformed => "Malformed",
            Refusal::TooLarge => "TooLarge",
            Refusal::BadSignature => "BadSignature",
            Refusal::StaleChain => "StaleChain",
            Refusal::NotAllowed => "NotAllowed",
            Refusal::Unknown => "Unknown",
            Refusal::AlreadyExists => "AlreadyExists",
            Refusal::InvitationExpired => "InvitationExpired",
            Refusal::DirectoryForked => "DirectoryForked",
            Refusal::DirectoryBehind => "DirectoryBehind",
            Refusal::ClockSkewed => "ClockSkewed",
            Refusal::CommitMalformed => "CommitMalformed",
            Refusal::NotAMember => "NotAMember",
            Refusal::RemovalPending => "RemovalPending",
            Refusal::IdentityMismatch => "IdentityMismatch",
            Refusal::PathRequired => "PathRequired",
            Refusal::ExternalForbidden => "ExternalForbidden",
            Refusal::StaleEpoch { .. } => "StaleEpoch",
            Refusal::ConversationExists => "ConversationExists",
            Refusal::GroupInfoMismatch => "GroupInfoMismatch",
            Refusal::CommitInvalid => "CommitInvalid",
            Refusal::RemovalWithoutCause => "RemovalWithoutCause",
            Refusal::WrongPlace => "WrongPlace",
            Refusal::NotInRoster => "NotInRoster",
            Refusal::WaitingForHistory => "WaitingForHistory",
            Refusal::Corrupt => "Corrupt",
            Refusal::WrongKind => "WrongKind",
            Refusal::Equivocation => "Equivocation",
            Refusal::LogForked => "LogForked",
            Refusal::SealedForThePast => "SealedForThePast",
            Refusal::WrongLink => "WrongLink",
            Refusal::VaultRolledBack => "VaultRolledBack",
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Refusal::Malformed => "not what the protocol says it is; do not send it again",
            Refusal::TooLarge => "outside the limits; split it or send it as a file",
            Refusal::BadSignature => "a signature is wrong, missing or superfluous; sign anew with the right key",
            Refusal::StaleChain => "this identity changed meanwhile; fetch the directory and sign the change anew",
            Refusal::NotAllowed => "the role or state of the author does not allow this; ask somebody whose role does",
            Refusal::Unknown => "not in the directory; fetch it up to its head",
            Refusal::AlreadyExists => "exists already; choose another",
            Refusal::InvitationExpired => "the invitation is over; ask for a new one",
            Refusal::DirectoryForked => {
                "two directories that do not extend one another; stop adding people and compare"
            }
            Refusal::DirectoryBehind => "an older directory than the group knows; fetch the directory and make it anew",
            Refusal::ClockSkewed => "the time is not plausible; correct the clock and sign anew",
            Refusal::CommitMalformed => "a commit of a shape that is not allowed; fetch commits and make it anew",
            Refusal::NotAMember => "not a member, or no longer active; join or ask to be added",
            Refusal::RemovalPending => "a removal waits; commit it first, then send again",
            Refusal::IdentityMismatch => "an identity that the directory does not know like this; do not add it",
            Refusal::PathRequired => "this commit must renew keys; make it anew with a path",
            Refusal::ExternalForbidden => "may not join by itself like this; ask a member to add you",
            Refusal::StaleEpoch { .. } => "the group moved on; fetch commits, make it again, resend",
            Refusal::ConversationExists => "the conversation exists already; fetch it",
            Refusal::GroupInfoMismatch => {
                "group information, welcome or history link do not belong to the commit; make it anew"
            }
            Refusal::CommitInvalid => "the commit does not process; join again and complain",
            Refusal::RemovalWithoutCause => "the server asks for a removal without a valid cause; dropped",
            Refusal::WrongPlace => "a message in another place than it was sealed for; dropped",
            Refusal::NotInRoster => "by a device that was not a member then; dropped",
            Refusal::WaitingForHistory => "waiting for another member's device",
            Refusal::Corrupt => "does not open; dropped",
            Refusal::WrongKind => "content in the wrong kind of message; dropped",
            Refusal::Equivocation => "one id for two contents; the first counts",
            Refusal::LogForked => "members saw different logs; stop writing here and compare",
            Refusal::SealedForThePast => "sealed before a removal; seal it again",
            Refusal::WrongLink => "a history link that does not fit; repair it",
            Refusal::VaultRolledBack => "not the vault that the directory names; refused",
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::StaleEpoch { current_epoch } => write!(f, "{} (current epoch {current_epoch})", self.words()),
            _ => f.write_str(self.words()),
        }
    }
}

impl std::error::Error for Refusal {}
