//! What to do next in a conversation: one question, asked after everything that happens there.

use inmost_public::ids::Conversation;
use inmost_public::Refusal;
use openmls_traits::OpenMlsProvider;

use crate::frames;
use crate::machine::Machine;
use crate::refused::Refused;
use crate::session::{Asked, Wake};

use super::commit::PendingKind;
use super::membership::Want;
use super::Membership;

/// Keys older than this are renewed before anything is sealed; above 256 leaves the turns are longer.
const ROTATE_AFTER_MS: u64 = 7 * 24 * 3_600_000;
const LEAVES_A_WEEK: u64 = 256;
const BUSY_MS: u64 = 2_000;

impl Machine {
    /// Go on: catch up, join, commit, seal. Does nothing that is under way already.
    pub(crate) fn advance(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        if !self.session.is_live() {
            return Ok(());
        }
        let Some(conv) = self.conversations.get(&conversation) else {
            return Ok(());
        };
        if self.session.given_up.contains(&conversation) {
            return Ok(());
        }
        if let Some(until) = self
            .session
            .refusals
            .get(&conversation)
            .map(|(_, until)| *until)
            .filter(|until| *until > self.now)
        {
            self.session.wake(Wake::Advance(conversation), until);
            return Ok(());
        }
        match conv.state.membership {
            Membership::Creating => self.resend_pending(conversation).map(drop),
            Membership::Joining => self.work_on_join(conversation),
            Membership::Welcomed => self.work_on_welcome(conversation),
            Membership::Removed => Ok(()),
            Membership::Member => self.advance_member(conversation),
        }
    }

    fn advance_member(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        if self.is_behind(conversation) {
            return self.catch_up(conversation);
        }
        if self.resend_pending(conversation)? {
            return Ok(());
        }
        let conv = self.conv(conversation)?;
        if conv.state.sealing_stopped.is_some() {
            return Ok(());
        }
        if self.must_remove(conversation)? {
            return self.work_on_removal(conversation, false);
        }
        if self.now < self.session.slow_until_ms {
            let at = self.session.slow_until_ms;
            self.session.wake(Wake::Advance(conversation), at);
            return Ok(());
        }
        while self.work_on_intent(conversation)? {
            let conv = self.conv(conversation)?;
            let is_claiming = conv
                .intents
                .keys()
                .next()
                .is_some_and(|sequence| self.session.is_asked(&Asked::Claim(conversation, *sequence)));
            if conv.pending.is_some() || is_claiming || conv.state.pending.iter().any(|pending| pending.is_own_wish) {
                return Ok(());
            }
        }
        if self.conv(conversation)?.unsent.is_empty() {
            return Ok(());
        }
        if self.must_rotate(conversation)? {
            self.want(conversation, Want::Rotate, None)?;
            return self.work_on_intent(conversation).map(drop);
        }
        self.send_waiting(conversation)
    }

    fn must_rotate(&self, conversation: Conversation) -> Result<bool, Refusal> {
        let state = &self.conv(conversation)?.state;
        let turn = ROTATE_AFTER_MS * (state.devices / LEAVES_A_WEEK).max(1);
        Ok(self.now > state.own_path_ms + turn || self.now > state.group_path_ms + ROTATE_AFTER_MS)
    }

    /// True while a request waits for the log; it is sent once on each connection.
    fn resend_pending(&mut self, conversation: Conversation) -> Result<bool, Refusal> {
        let Some(pending) = self.conv(conversation)?.pending.clone() else {
            return Ok(false);
        };
        let asked = match pending.kind {
            PendingKind::Create => Asked::Create(conversation),
            PendingKind::Member { .. } => Asked::Commit(conversation),
            PendingKind::External { .. } => Asked::External(conversation),
            PendingKind::Propose { .. } => Asked::Propose(conversation),
        };
        if !self.session.resent.contains(&pending.id) && !self.session.is_asked(&asked) {
            self.session.resent.insert(pending.id);
            self.ask_with(pending.id, asked, pending.frame);
        }
        Ok(true)
    }

    /// Another commit took the epoch: the own one is void, what it was for is not.
    pub(crate) fn lost_race(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let is_member = |kind: &PendingKind| matches!(kind, PendingKind::Member { .. } | PendingKind::Propose { .. });
        if self
            .conv(conversation)?
            .pending
            .as_ref()
            .is_some_and(|pending| is_member(&pending.kind))
        {
            let pending = self.drop_pending(conversation);
            if let Some(id) = pending.map(|pending| pending.id) {
                self.session.asked.remove(&id);
            }
        }
        Ok(())
    }

    /// The server refused a commit or proposal.
    pub(crate) fn commit_refused(
        &mut self,
        conversation: Conversation,
        refused: &frames::Refused,
    ) -> Result<(), Refusal> {
        let Some(pending) = self.conv(conversation)?.pending.clone() else {
            return Ok(());
        };
        self.session.back_off(conversation, self.now);
        match refused.code.as_str() {
            // Something is in order that this device has not seen yet: it comes, voids this commit, and the intent is made again.
            "StaleEpoch" | "RemovalPending" => {
                if refused.current_epoch.is_none_or(|epoch| epoch <= pending.epoch)
                    || self.conv(conversation)?.state.epoch > pending.epoch
                {
                    self.void_commit(conversation)?;
                }
                self.probe(conversation)
            }
            // The facts have moved on (directory, clock, pathless adds): make it anew with those of now.
            "DirectoryBehind" | "ClockSkewed" | "PathRequired" | "GroupInfoMismatch"
                if !self.session.retried.contains(&conversation) =>
            {
                self.session.retried.insert(conversation);
                self.void_commit(conversation)?;
                if refused.code == "PathRequired" {
                    self.conv_mut(conversation)?.state.pathless_adds = inmost_public::limits::MAX_MEMBERS_WITHOUT_PATH;
                }
                let next_n = self.directory.next_n();
                self.want_directory(next_n + 1)?;
                let at = self.now + BUSY_MS;
                self.session.wake(Wake::Advance(conversation), at);
                Ok(())
            }
            "SlowDown" => {
                self.session.resent.remove(&pending.id);
                let at = self.now + refused.retry_after_ms.unwrap_or(BUSY_MS);
                self.session.wake(Wake::Advance(conversation), at);
                Ok(())
            }
            code => {
                self.void_commit(conversation)?;
                let intents = match pending.kind {
                    PendingKind::Member { intents } => intents,
                    PendingKind::Propose { intent } => vec![intent],
                    _ => vec![],
                };
                for sequence in intents {
                    self.finish_intent(conversation, sequence, Err(Refused::new(code, &refused.words)));
                }
                let at = self.now + BUSY_MS;
                self.session.wake(Wake::Advance(conversation), at);
                Ok(())
            }
        }
    }

    fn void_commit(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        self.clear_commit(conversation)?;
        if matches!(
            self.conv(conversation)?.pending.as_ref().map(|pending| &pending.kind),
            Some(PendingKind::Propose { .. })
        ) {
            let loaded = self.group(conversation)?;
            loaded
                .group
                .clear_pending_proposals(loaded.provider.storage())
                .map_err(|_| Refusal::Corrupt)?;
        }
        self.drop_pending(conversation);
        Ok(())
    }

    /// Ask the server for what comes after the head, even if nothing was announced.
    pub(crate) fn probe(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let next_n = self.conv(conversation)?.next_n();
        self.heard_of(conversation, next_n + 1);
        self.catch_up(conversation)
    }
}
