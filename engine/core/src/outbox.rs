//! What this device says: content waits as a row, is sealed in the epoch that is confirmed when it goes out, and keeps its id.

use inmost_public::cbor;
use inmost_public::ids::{Conversation, Message};
use inmost_public::Refusal;
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::expiry::{ends_at_ms, Ending};
use crate::frames::{self, Accepted, Send};
use crate::input::CommandId;
use crate::log_sync::{Entry, Taken};
use crate::machine::{prefix, Machine};
use crate::map;
use crate::message::{seal, Sealer, Statement};
use crate::pack::Value;
use crate::refused::Refused;
use crate::rows::Row;
use crate::session::{Asked, Wake};
use crate::shown::{append, content_of, content_value};
use crate::timeline::waiting_key;

/// One message that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outgoing {
    pub id: Message,
    #[serde(with = "serde_bytes")]
    pub content: Vec<u8>,
    pub command: Option<CommandId>,
    pub time_ms: u64,
}

impl Outgoing {
    pub fn content(&self) -> Result<Content, Refusal> {
        Content::from_item(&cbor::decode(&self.content)?)
    }
}

/// What is known of it in memory.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub outgoing: Outgoing,
    /// How often it may have reached the server; unknown after a start counts as once.
    pub attempts: u32,
    /// As it was sealed last.
    pub sealed: Option<Vec<u8>>,
}

/// In memory, for each conversation: by the order in which they were said.
pub type Outbox = std::collections::BTreeMap<u64, Waiting>;

impl Machine {
    pub(crate) fn load_outbox(&self, conversation: Conversation) -> Result<Outbox, Refusal> {
        let rows = self.numbered::<Outgoing>(&prefix(b's', conversation))?;
        Ok(rows
            .into_iter()
            .map(|(sequence, outgoing)| {
                (
                    sequence,
                    Waiting {
                        outgoing,
                        attempts: 1,
                        sealed: None,
                    },
                )
            })
            .collect())
    }

    /// The command `send`.
    pub(crate) fn send(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        let conversation = arguments.field("conversation")?;
        let content = content_of(arguments.get("content"))?;
        let content = self.ending_with_its_message(conversation, content)?;
        let conv = self.conv(conversation)?;
        if conv.state.membership == crate::conversation::Membership::Removed {
            return Err(Refusal::NotAMember.into());
        }
        let own = self.me()?.user;
        if self.conv(conversation)?.is_member() && !self.roles_now(conversation)?.may_post(own) {
            return Err(Refusal::NotAllowed.into());
        }
        self.say(conversation, &content, Some(command))?;
        Ok(self.advance(conversation)?)
    }

    /// Put content into the outbox. Message ids are random; the same command given again is a new message to its host.
    pub(crate) fn say(
        &mut self,
        conversation: Conversation,
        content: &Content,
        command: Option<CommandId>,
    ) -> Result<Message, Refusal> {
        content.check()?;
        let id = Message(command.unwrap_or_else(|| self.random()));
        let now = self.now;
        let me = self.me()?.clone();
        let conv = self.conv_mut(conversation)?;
        if conv.outbox.values().any(|waiting| waiting.outgoing.id == id) {
            return Ok(id); // the host gave the command again
        }
        let sequence = conv.outbox.last_key_value().map_or(0, |(last, _)| last + 1);
        let outgoing = Outgoing {
            id,
            content: cbor::encode(&content.to_item()),
            command,
            time_ms: now,
        };
        let epoch = conv.state.epoch;
        self.rows.put(Row::Outbox(conversation, sequence), &outgoing);
        let conv = self.conv_mut(conversation)?;
        conv.outbox.insert(
            sequence,
            Waiting {
                outgoing,
                attempts: 0,
                sealed: None,
            },
        );
        conv.unsent.insert(sequence);
        if matches!(content, Content::Marks { .. }) {
            return Ok(id); // nothing to show: what they say is kept as marks
        }
        let mut row = map! {"conversation" => conversation, "n" => Value::Nil, "id" => id, "device" => me.device, "user" => me.user, "time_ms" => now, "at_ms" => now, "epoch" => epoch};
        append(&mut row, content_value(content));
        if let Some(due_ms) = ends_at_ms(content, now) {
            append(&mut row, map! {"expires_ms" => due_ms});
            self.endings.insert((due_ms, conversation, Ending::Waiting(sequence)));
        }
        self.out.message(waiting_key(conversation, id), Some(&row));
        Ok(id)
    }

    /// Seal and send everything that has not gone out on this connection, in order.
    pub(crate) fn send_waiting(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let unsent = std::mem::take(&mut self.conv_mut(conversation)?.unsent);
        for sequence in unsent {
            if let Err(refusal) = self.send_one(conversation, sequence) {
                self.drop_waiting(conversation, sequence, refusal.into());
            }
        }
        Ok(())
    }

    fn send_one(&mut self, conversation: Conversation, sequence: u64) -> Result<(), Refusal> {
        let user = self.me()?.user;
        if !self.roles_now(conversation)?.may_post(user) {
            return Err(Refusal::NotAllowed); // the settings changed since it was written
        }
        let random = self.random();
        let keys = self.current_keys(conversation)?;
        let dir = self.head()?;
        let (me, own) = (self.me()?, self.keys()?);
        let conv = self.conv(conversation)?;
        let Some(waiting) = conv.outbox.get(&sequence) else {
            return Ok(());
        };
        let content = waiting.outgoing.content()?;
        let id = waiting.outgoing.id;
        let sealer = Sealer {
            org: me.org,
            conversation,
            group: conv.state.group,
            epoch: conv.state.epoch,
            device: me.device,
            content_key: &keys,
            signer: &own.sig,
            device_seed: &own.seed,
        };
        let seen = conv.state.head.ok_or(Refusal::NotAMember)?;
        let statement = Statement {
            content: &content,
            seen,
            dir,
            time_ms: waiting.outgoing.time_ms,
        };
        let sealed = seal(&sealer, id, &statement, &random)?;
        let frame = frames::Request::from(Send {
            id,
            conversation,
            epoch: conv.state.epoch,
            sealed: sealed.clone(),
        })
        .encode();
        if let Some(waiting) = self.conv_mut(conversation)?.outbox.get_mut(&sequence) {
            waiting.attempts += 1;
            waiting.sealed = Some(sealed);
        }
        self.ask_with(id.0, Asked::Send(conversation, sequence), frame);
        Ok(())
    }

    /// The server took a message. Its place in the log is what counts: it is taken there, now or when the items before it are in.
    pub(crate) fn send_accepted(
        &mut self,
        conversation: Conversation,
        sequence: u64,
        accepted: &Accepted,
    ) -> Result<(), Refusal> {
        let conv = self.conv(conversation)?;
        let Some(waiting) = conv.outbox.get(&sequence) else {
            return Ok(());
        };
        if accepted.n < conv.next_n() {
            // It passed by as a hash while this device caught up, before the answer: it is read where it stands.
            return self.read_back_to(conversation, accepted.n);
        }
        let is_next = conv.next_n() == accepted.n && !self.session.stalled.contains_key(&conversation);
        match (&waiting.sealed, waiting.attempts, is_next) {
            // Sealed once, so these are the very bytes that stand in the log.
            (Some(sealed), 1, true) => {
                let sealed = sealed.clone();
                let digest = inmost_public::log::digest(&sealed);
                let entry = Entry {
                    n: accepted.n,
                    kind: inmost_public::log::Kind::Message as u8,
                    bytes: Some(&sealed),
                    digest,
                    at_ms: accepted.at_ms,
                };
                let taken = self.take(conversation, &entry, true)?;
                debug_assert_eq!(taken, Taken::Done);
                self.heard_of(conversation, accepted.n + 1);
            }
            _ => self.accepted_beyond(conversation, accepted.n),
        }
        Ok(())
    }

    /// The server refused a message: seal it again where that helps, give it back where it does not.
    pub(crate) fn send_refused(
        &mut self,
        conversation: Conversation,
        sequence: u64,
        refused: &frames::Refused,
    ) -> Result<(), Refusal> {
        match refused.code.as_str() {
            "StaleEpoch" | "RemovalPending" => {
                self.session.back_off(conversation, self.now);
                self.conv_mut(conversation)?.unsent.insert(sequence);
                // The commit or proposal that is in the way comes as an item; a lost one is fetched.
                self.probe(conversation)
            }
            "SlowDown" => {
                let at = self.now + refused.retry_after_ms.unwrap_or(1_000);
                self.session.slow_until_ms = self.session.slow_until_ms.max(at);
                self.conv_mut(conversation)?.unsent.insert(sequence);
                self.session.wake(Wake::Advance(conversation), at);
                Ok(())
            }
            code => {
                self.drop_waiting(conversation, sequence, Refused::new(code, &refused.words));
                Ok(())
            }
        }
    }

    pub(crate) fn drop_waiting(&mut self, conversation: Conversation, sequence: u64, refused: Refused) {
        self.rows.delete(Row::Outbox(conversation, sequence));
        let waiting = self.conversations.get_mut(&conversation).and_then(|conv| {
            conv.unsent.remove(&sequence);
            conv.outbox.remove(&sequence)
        });
        if let Some(Waiting { outgoing, .. }) = waiting {
            self.out.message(waiting_key(conversation, outgoing.id), None);
            self.finish(outgoing.command, Err(refused));
        }
    }

    /// Give everything back that cannot be said any more.
    pub(crate) fn drop_outbox(&mut self, conversation: Conversation, refusal: &Refusal) {
        let waiting: Vec<u64> = self
            .conversations
            .get(&conversation)
            .map(|conv| conv.outbox.keys().copied().collect())
            .unwrap_or_default();
        for sequence in waiting {
            self.drop_waiting(conversation, sequence, refusal.clone().into());
        }
    }

    /// After an own delete the server drops the sealed bytes too; number and digest stay.
    fn drop_deleted(&mut self, conversation: Conversation, content: &[u8]) {
        let target = match cbor::decode(content).map(|item| Content::from_item(&item)) {
            Ok(Ok(Content::Delete { of })) => of,
            _ => return,
        };
        if let Ok(Some(n)) = self
            .opened(conversation)
            .map(|index| index.place_of(target.device, target.id))
        {
            self.ask(Asked::Delete, |id| frames::Delete { id, conversation, n }.into());
        }
    }

    /// After an own title or topic of an open channel everybody hears of it.
    fn named(&mut self, conversation: Conversation, content: &[u8]) {
        let content = cbor::decode(content).map(|item| Content::from_item(&item));
        if matches!(content, Ok(Ok(Content::Title { .. } | Content::Topic { .. }))) {
            // What cannot be said in the general channel now is said with the next change.
            let _ = self.make_known(conversation);
        }
    }

    /// An own message stands in the log.
    pub(crate) fn was_sent(&mut self, conversation: Conversation, id: Message, n: u64, at_ms: u64) {
        let Some(conv) = self.conversations.get_mut(&conversation) else {
            return;
        };
        let Some(sequence) = conv
            .outbox
            .iter()
            .find(|(_, waiting)| waiting.outgoing.id == id)
            .map(|(sequence, _)| *sequence)
        else {
            return; // answered before; this is a page, or the item after the answer
        };
        conv.unsent.remove(&sequence);
        let waiting = conv.outbox.remove(&sequence);
        self.rows.delete(Row::Outbox(conversation, sequence));
        self.out.message(waiting_key(conversation, id), None);
        self.out
            .event("sent", map! {"conversation" => conversation, "id" => id, "n" => n});
        if let Some(waiting) = &waiting {
            self.drop_deleted(conversation, &waiting.outgoing.content);
            self.named(conversation, &waiting.outgoing.content);
        }
        let command = waiting.and_then(|waiting| waiting.outgoing.command);
        self.finish(command, Ok(map! {"id" => id, "n" => n, "at_ms" => at_ms}));
    }
}
