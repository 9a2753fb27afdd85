//! Which entries are dangerous acts, for which a server asks a fresh factor first (docs/protocol/sign-in.md, "Step-up").

use super::change::Change;
use super::entry::Entry;
use super::payload::{Payload, Role};
use super::Directory;

impl Directory {
    /// The act by its name; None when no factor is asked for, or the entry is none. Whether it is allowed is another question.
    pub fn dangerous_act(&self, entry: &[u8]) -> Option<&'static str> {
        let draft = Entry::decode(entry).ok()?.draft;
        match draft.payload {
            Payload::Suspend { .. } => Some("suspend"),
            Payload::Role { .. } => Some("role"),
            Payload::Invite(invite) if invite.role == Role::Administrator => Some("invite_administrator"),
            Payload::Chain { user, change, .. } => match change {
                Change::SetRecovery { .. } => Some("recovery_key"),
                Change::AddPaper { .. } => Some("add_passkey"),
                Change::Revoke { device } if self.user(user)?.paper(device.0).is_some() => Some("remove_passkey"),
                Change::Revoke { .. } | Change::Add { .. } => None,
            },
            _ => None,
        }
    }
}
