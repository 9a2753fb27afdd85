//! The two groups everybody has: the personal group and the general channel. Made or joined when the directory allows it.

use inmost_public::directory::{Payload, Role};
use inmost_public::ids::{general_conversation, personal_conversation, Conversation};
use inmost_public::settings::{ConversationKind, Settings};
use inmost_public::Refusal;

use crate::conversation::Membership;
use crate::machine::Machine;
use crate::me::Phase;
use crate::pack::Value;
use crate::session::Asked;
use crate::session::Duty;

impl Machine {
    /// What a device has to have, asked after each sync and each change of the directory. Does only what is missing.
    pub(crate) fn settle(&mut self) -> Result<(), Refusal> {
        let me = self.me()?.clone();
        if me.phase != Phase::Ready || !self.directory.is_active(me.device) || me.is_forked {
            return Ok(());
        }
        let role = self
            .directory
            .user(me.user)
            .map(|state| state.role())
            .ok_or(Refusal::Unknown)?;
        if self.directory.server_key().is_none() {
            let Some(sig_public) = me.server_key.filter(|_| role == Role::Owner) else {
                return Ok(());
            };
            if self.rows.with_prefix(b"E").is_empty() && self.session.may(Duty::ServerKey, self.now) {
                self.session.put_off(Duty::ServerKey, self.now);
                self.append_own(Payload::ServerKey { sig_public }, None, Value::Nil)?;
            }
            return Ok(()); // groups are made with the server's key in them, so that it can ask for removals
        }
        self.publish_key_packages(self.session.key_packages)?;
        let personal = personal_conversation(me.org, me.user);
        let general = general_conversation(me.org);
        self.home(personal, ConversationKind::Personal, true)?;
        if role != Role::Guest {
            self.home(general, ConversationKind::General, role == Role::Owner)?;
        }
        self.join_listed()?;
        self.put_vault_if_missing()
    }

    /// A new device is not done before its key packages and its vault are with the server and it is in its two groups.
    pub(crate) fn is_settling(&self) -> Result<bool, Refusal> {
        let me = self.me()?;
        if me.phase != Phase::Ready || !self.directory.is_active(me.device) {
            return Ok(false);
        }
        let is_away = |conversation| {
            self.conversations
                .get(&conversation)
                .is_some_and(|conv| matches!(conv.state.membership, Membership::Creating | Membership::Joining))
        };
        let is_publishing = self.session.key_packages == 0 && self.session.is_asked(&Asked::Publish);
        let is_keyed = self.directory.server_key().is_some() || me.server_key.is_none();
        Ok(is_publishing
            || !is_keyed
            || self.session.is_asked(&Asked::Vault)
            || is_away(personal_conversation(me.org, me.user))
            || is_away(general_conversation(me.org)))
    }

    fn home(&mut self, conversation: Conversation, kind: ConversationKind, may_create: bool) -> Result<(), Refusal> {
        // Who was suspended was taken out, and comes back in when that is lifted.
        let is_out = |conv: &crate::conversation::Conv| conv.state.membership == Membership::Removed;
        if self.conversations.get(&conversation).is_some_and(|conv| !is_out(conv)) {
            return Ok(());
        }
        if self.session.next_n.contains_key(&conversation) {
            return self.join(conversation);
        }
        if may_create {
            self.create_group(conversation, Settings::new(kind, self.me()?.user))?;
        }
        Ok(())
    }

    /// Everything the server lists for this person and this device is not in: groups of the person's other devices.
    fn join_listed(&mut self) -> Result<(), Refusal> {
        let listed: Vec<Conversation> = self.session.joinable.iter().copied().collect();
        for conversation in listed {
            let is_known = self.conversations.contains_key(&conversation)
                || self.rows.has(crate::rows::Row::Welcome(conversation));
            if !is_known {
                self.join(conversation)?;
            }
        }
        Ok(())
    }
}
