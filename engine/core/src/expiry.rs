//! Messages that end: at their time the words leave this device, its index and its screens.
//!
//! Counted from the author's signed time, so that the server can neither lengthen nor shorten it, and never from later than
//! this device opened it. Keys are not erased here: that is retention's work.

use inmost_public::ids::{Conversation, Device, Message, User};
use inmost_public::Refusal;
use serde::{Deserialize, Serialize};

use crate::content::{Content, Ref, MIN_EXPIRY_MS};
use crate::machine::Machine;
use crate::map;
use crate::pack::Value;
use crate::refused::Refused;
use crate::rows::{unpack, Row};
use crate::shown::in_post;
use crate::timeline::message_key;

/// Which message ends: one in the log by its number, or one that still waits by its place in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    Numbered(u64),
    Waiting(u64),
}

/// All endings by their time.
pub type Endings = std::collections::BTreeSet<(u64, Conversation, Ending)>;

/// The row of a message that will end, and what is left to show of it then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Expiring {
    pub conversation: Conversation,
    pub n: u64,
    pub due_ms: u64,
    pub device: Device,
    pub id: Message,
    pub user: User,
    pub time_ms: u64,
    pub at_ms: u64,
    pub epoch: u64,
    /// An edit: nothing is left of it.
    pub is_edit: bool,
}

impl Expiring {
    /// What takes the message's place: that there was one, and whose.
    pub fn left(&self) -> Option<Value> {
        (!self.is_edit).then(|| {
            map! {
                "conversation" => self.conversation, "n" => self.n, "id" => self.id, "device" => self.device, "user" => self.user,
                "time_ms" => self.time_ms, "at_ms" => self.at_ms, "epoch" => self.epoch, "type" => "expired",
            }
        })
    }
}

/// When content said at `time_ms` ends; None for what stays.
pub fn ends_at_ms(content: &Content, time_ms: u64) -> Option<u64> {
    match content {
        Content::Post { expires_after_ms, .. } => expires_after_ms.map(|after| time_ms.saturating_add(after)),
        _ => None,
    }
}

impl Machine {
    /// Every ending there is, from the rows and the outboxes.
    pub(crate) fn load_endings(&self) -> Result<Endings, Refusal> {
        let mut endings = Endings::new();
        for (_, bytes) in self.rows.with_prefix(b"x") {
            let expiring: Expiring = unpack(&bytes)?;
            endings.insert((expiring.due_ms, expiring.conversation, Ending::Numbered(expiring.n)));
        }
        for (conversation, conv) in &self.conversations {
            for (sequence, waiting) in &conv.outbox {
                if let Some(due_ms) = ends_at_ms(&waiting.outgoing.content()?, waiting.outgoing.time_ms) {
                    endings.insert((due_ms, *conversation, Ending::Waiting(*sequence)));
                }
            }
        }
        Ok(endings)
    }

    pub(crate) fn note_ending(&mut self, expiring: &Expiring) {
        let Expiring {
            conversation,
            n,
            due_ms,
            ..
        } = *expiring;
        self.rows.put(Row::Expiring(conversation, n), expiring);
        self.endings.insert((due_ms, conversation, Ending::Numbered(n)));
    }

    /// End what is due, connected or not.
    pub(crate) fn end_what_is_due(&mut self) -> Result<(), Refusal> {
        while let Some((_, conversation, ending)) =
            self.endings.first().copied().filter(|(due_ms, ..)| *due_ms <= self.now)
        {
            self.endings.pop_first();
            match ending {
                Ending::Numbered(n) => self.end_message(conversation, n)?,
                Ending::Waiting(sequence) => {
                    let expired = Refused::new("Expired", "the message's time was over before it could be sent");
                    self.drop_waiting(conversation, sequence, expired);
                }
            }
        }
        Ok(())
    }

    fn end_message(&mut self, conversation: Conversation, n: u64) -> Result<(), Refusal> {
        let Some(expiring) = self.rows.get::<Expiring>(Row::Expiring(conversation, n))? else {
            return Ok(());
        };
        self.rows.delete(Row::Expiring(conversation, n));
        self.out.message(message_key(conversation, n), expiring.left().as_ref());
        self.out.event(
            "expired",
            map! {"conversation" => conversation, "n" => n, "device" => expiring.device, "id" => expiring.id},
        );
        Ok(())
    }

    /// An edit ends when the message it edits does.
    pub(crate) fn ending_with_its_message(
        &mut self,
        conversation: Conversation,
        content: Content,
    ) -> Result<Content, Refusal> {
        let Content::Edit { of, .. } = &content else {
            return Ok(content);
        };
        let Some(due_ms) = self.ending_of(conversation, *of)? else {
            return Ok(content);
        };
        let left_ms = due_ms.saturating_sub(self.now).max(MIN_EXPIRY_MS);
        Ok(in_post(content, None, Some(left_ms)))
    }

    fn ending_of(&mut self, conversation: Conversation, of: Ref) -> Result<Option<u64>, Refusal> {
        let own = self.conv(conversation)?.outbox.values();
        let is_meant = |outgoing: &crate::outbox::Outgoing, me: Device| {
            Ref {
                device: me,
                id: outgoing.id,
            } == of
        };
        let me = self.me()?.device;
        if let Some(waiting) = own.into_iter().find(|waiting| is_meant(&waiting.outgoing, me)) {
            return Ok(ends_at_ms(&waiting.outgoing.content()?, waiting.outgoing.time_ms));
        }
        let Some(n) = self.opened(conversation)?.place_of(of.device, of.id) else {
            return Ok(None);
        };
        let expiring = self.rows.get::<Expiring>(Row::Expiring(conversation, n))?;
        Ok(expiring.map(|expiring| expiring.due_ms))
    }
}
