//! The personal group's marks: read positions, drafts, pins, mutes, verification, the same on all of a person's devices.
//!
//! What is set here is a row at once, said when it has rested for a moment, and applied by its place in the log wherever it is
//! read. Every now and then everything is said again (`since`), so that a new device reads back to there and no further.

use std::collections::BTreeMap;

use inmost_public::cbor::{self, Item};
use inmost_public::ids::{personal_conversation, Conversation, User};
use inmost_public::limits::MAX_PAGE_ITEMS;
use inmost_public::Refusal;
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::mark::{Mark, DRAFT, MAX_MARKS, MUTE, PIN, READ, VERIFIED};
use crate::pack::Value;
use crate::refused::Refused;
use crate::rows::{unpack, Row};
use crate::session::{PageWanted, Wake};

/// Somebody who reads on, or types on, says so once in this time and not for each message or letter.
const READ_WAIT_MS: u64 = 30_000;
const DRAFT_WAIT_MS: u64 = 5_000;
/// One message of marks holds about so much; a long draft has one to itself.
const MARKS_BYTES: usize = 48_000;
/// After so many log entries everything is said again.
pub const SNAPSHOT_EVERY: u64 = 200;

/// A mark as this device keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    name: String,
    #[serde(with = "serde_bytes")]
    key: Vec<u8>,
    /// Canonical CBOR.
    #[serde(with = "serde_bytes")]
    value: Vec<u8>,
    /// Where in the log it was said; 0 where it has not come back from there yet.
    n: u64,
    is_unsaid: bool,
}

pub type Marks = BTreeMap<(String, Vec<u8>), Kept>;

impl Kept {
    fn item(&self) -> Item {
        cbor::decode(&self.value).unwrap_or(Item::Null) // written by this file from an item
    }

    /// What nobody would miss is not said again: no draft, not pinned, not muted.
    fn is_worth_saying_again(&self) -> bool {
        self.n > 0 && !matches!(self.item(), Item::Bool(false)) && self.item() != Item::Text(String::new())
    }
}

fn row_key(name: &str, key: &[u8]) -> Vec<u8> {
    [b"R", name.as_bytes(), &[0], key].concat()
}

impl Machine {
    pub(crate) fn load_marks(&self) -> Result<Marks, Refusal> {
        let mut marks = Marks::new();
        for (_, bytes) in self.rows.with_prefix(b"R") {
            let kept: Kept = unpack(&bytes)?;
            marks.insert((kept.name.clone(), kept.key.clone()), kept);
        }
        Ok(marks)
    }

    fn personal(&self) -> Result<Conversation, Refusal> {
        let me = self.me()?;
        Ok(personal_conversation(me.org, me.user))
    }

    fn mark(&self, name: &str, key: &[u8]) -> Option<Item> {
        self.marks.get(&(name.to_owned(), key.to_vec())).map(Kept::item)
    }

    // What is set here

    /// The commands `set_draft`, `mute`, `pin_conversation`.
    pub(crate) fn set_conversation_mark(
        &mut self,
        command: CommandId,
        name: &str,
        arguments: &Value,
    ) -> Result<(), Refused> {
        let conversation: Conversation = arguments.field("conversation")?;
        self.conv(conversation)?;
        let (name, value) = match name {
            "set_draft" => {
                let text = arguments.field::<Option<String>>("text")?.unwrap_or_default();
                (DRAFT, Item::Text(text))
            }
            "mute" => (MUTE, Item::Bool(arguments.field("on")?)),
            _ => (PIN, Item::Bool(arguments.field("on")?)),
        };
        self.set_mark(name, &conversation.0, value)?;
        self.done(command, map! {});
        Ok(())
    }

    pub(crate) fn set_read_mark(&mut self, conversation: Conversation, n: u64) -> Result<(), Refusal> {
        self.set_mark(READ, &conversation.0, Item::Uint(n))
    }

    /// `chain` is the last hash of the user's chain as it was compared.
    pub(crate) fn set_verified_mark(&mut self, user: User, chain: [u8; 32]) -> Result<(), Refusal> {
        self.set_mark(VERIFIED, &user.0, Item::Bytes(chain.to_vec()))
    }

    fn set_mark(&mut self, name: &str, key: &[u8], value: Item) -> Result<(), Refusal> {
        let mark = Mark {
            name: name.to_owned(),
            key: key.to_vec(),
            value,
            said_n: None,
        };
        mark.check()?;
        if self.mark(name, key).as_ref() == Some(&mark.value) {
            return Ok(());
        }
        let n = self
            .marks
            .get(&(mark.name.clone(), mark.key.clone()))
            .map_or(0, |kept| kept.n);
        self.keep_mark(mark, n, true);
        let wait_ms = match name {
            READ => READ_WAIT_MS,
            DRAFT => DRAFT_WAIT_MS,
            _ => 0,
        };
        let at = self.now + wait_ms;
        self.session.wake(Wake::Marks, at);
        if wait_ms == 0 {
            self.say_marks()?;
        }
        Ok(())
    }

    fn keep_mark(&mut self, mark: Mark, n: u64, is_unsaid: bool) {
        let shown = (mark.name.clone(), mark.key.clone());
        let kept = Kept {
            value: cbor::encode(&mark.value),
            name: mark.name,
            key: mark.key,
            n,
            is_unsaid,
        };
        self.rows
            .put_bytes(row_key(&shown.0, &shown.1), crate::rows::pack(&kept));
        let key = if shown.0 == VERIFIED { "user" } else { "conversation" };
        let is_news = self.marks.get(&shown).is_none_or(|before| before.value != kept.value);
        if is_news {
            self.out
                .event("mark", map! {"name" => shown.0.clone(), key => shown.1.clone()});
        }
        self.marks.insert(shown, kept);
    }

    // Saying

    /// Say what is unsaid, and now and then everything.
    pub(crate) fn say_marks(&mut self) -> Result<(), Refusal> {
        let personal = self.personal()?;
        let Some(conv) = self.conversations.get(&personal).filter(|conv| conv.is_member()) else {
            return Ok(());
        };
        let Some(head) = conv.state.head.filter(|_| self.session.is_live()) else {
            return Ok(());
        };
        let unsaid: Vec<Kept> = self.marks.values().filter(|kept| kept.is_unsaid).cloned().collect();
        if unsaid.is_empty() {
            return Ok(());
        }
        let said = unsaid.iter().map(|kept| (kept.clone(), None)).collect();
        self.say_in_messages(personal, said, None)?;
        for kept in unsaid {
            let said = Kept {
                is_unsaid: false,
                ..kept
            };
            self.rows
                .put_bytes(row_key(&said.name, &said.key), crate::rows::pack(&said));
            self.marks.insert((said.name.clone(), said.key.clone()), said);
        }
        if self.has_every_mark(personal)? && head.n >= self.marks_since + SNAPSHOT_EVERY {
            let all = self.marks.values().filter(|kept| kept.is_worth_saying_again());
            let all = all.map(|kept| (kept.clone(), Some(kept.n))).collect();
            // Everything up to the head is in these messages; what comes after it stands in the log after it.
            self.say_in_messages(personal, all, Some(head.n + 1))?;
        }
        self.advance(personal)
    }

    fn say_in_messages(
        &mut self,
        personal: Conversation,
        marks: Vec<(Kept, Option<u64>)>,
        since: Option<u64>,
    ) -> Result<(), Refusal> {
        let (mut message, mut bytes) = (Vec::new(), 0);
        for (kept, said_n) in marks {
            let mark = Mark {
                value: kept.item(),
                name: kept.name,
                key: kept.key,
                said_n,
            };
            let more = mark.encoded_bytes();
            if !message.is_empty() && (bytes + more > MARKS_BYTES || message.len() == MAX_MARKS) {
                let marks = std::mem::take(&mut message);
                self.say(personal, &Content::Marks { since: None, marks }, None)?;
                bytes = 0;
            }
            bytes += more;
            message.push(mark);
        }
        self.say(personal, &Content::Marks { since, marks: message }, None)?;
        Ok(())
    }

    // Hearing

    /// Marks that stand at number n of the personal group's log.
    pub(crate) fn hear_marks(&mut self, n: u64, since: Option<u64>, marks: Vec<Mark>) {
        if n < self.marks_since {
            return; // said again since, or over
        }
        for mark in marks {
            // A number beyond its own message would win for ever.
            let said_n = mark.said_n.filter(|said_n| *said_n <= n).unwrap_or(n);
            let kept = self.marks.get(&(mark.name.clone(), mark.key.clone()));
            let (known_n, is_unsaid) = kept.map_or((0, false), |kept| (kept.n, kept.is_unsaid));
            if mark.name == READ {
                self.hear_read(mark, said_n.max(known_n), is_unsaid);
            } else if said_n >= known_n {
                // What this device has yet to say will come later in the log, and so it stands.
                let own = kept.filter(|_| is_unsaid).map(Kept::item);
                let value = own.unwrap_or_else(|| mark.value.clone());
                self.keep_mark(Mark { value, ..mark }, said_n, is_unsaid);
            }
        }
        if let Some(since) = since.filter(|since| *since <= n && *since > self.marks_since) {
            self.marks_since = since;
            self.rows.put(Row::MarksSince, &since);
        }
    }

    /// Reading only goes forward, in whichever order devices say so.
    fn hear_read(&mut self, mark: Mark, n: u64, is_unsaid: bool) {
        let known = self.mark(READ, &mark.key).and_then(|item| item.uint().ok());
        let highest = mark.value.uint().ok().max(known).unwrap_or(0);
        let value = Item::Uint(highest);
        self.keep_mark(Mark { value, ..mark }, n, is_unsaid);
    }

    /// Read the personal group back to where everything was said, then say what waits.
    pub(crate) fn read_marks_back(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        if self.me.is_none() || conversation != self.personal()? || !self.session.is_live() {
            return Ok(());
        }
        let is_member = self
            .conversations
            .get(&conversation)
            .is_some_and(|conv| conv.is_member());
        if !is_member
            || self
                .session
                .pages
                .get(&conversation)
                .is_some_and(|pages| !pages.is_empty())
        {
            return Ok(());
        }
        if self.has_every_mark(conversation)? {
            return self.say_marks();
        }
        let state = &self.conv(conversation)?.state;
        let newest = state
            .spans
            .last()
            .filter(|span| Some(span.last) == state.head.map(|head| head.n));
        let before = newest.map(|span| span.first);
        self.session.pages.entry(conversation).or_default().push(PageWanted {
            command: None,
            limit: MAX_PAGE_ITEMS as u64,
            before,
        });
        self.work_on_pages(conversation)
    }

    /// Everything from `since` to the head is opened here.
    fn has_every_mark(&self, personal: Conversation) -> Result<bool, Refusal> {
        let state = &self.conv(personal)?.state;
        let Some(head) = state.head else { return Ok(false) };
        let span = state.spans.last().filter(|span| span.last == head.n);
        Ok(span.is_some_and(|span| span.first <= self.marks_since))
    }

    // Showing

    /// How far this person has read, on this device or another.
    pub(crate) fn read_n(&self, conversation: Conversation) -> Option<u64> {
        let here = self.conversations.get(&conversation).and_then(|conv| conv.state.read_n);
        here.max(self.mark(READ, &conversation.0).and_then(|item| item.uint().ok()))
    }

    pub(crate) fn draft(&self, conversation: Conversation) -> Option<String> {
        let text = self.mark(DRAFT, &conversation.0)?;
        text.text().ok().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(crate) fn is_pinned(&self, conversation: Conversation) -> bool {
        self.mark(PIN, &conversation.0) == Some(Item::Bool(true))
    }

    pub(crate) fn is_muted(&self, conversation: Conversation) -> bool {
        self.mark(MUTE, &conversation.0) == Some(Item::Bool(true))
    }

    /// The chain that was compared is part of the one this device knows: nobody else was put in the person's place since.
    pub(crate) fn is_verified(&self, user: User) -> bool {
        let Some(compared) = self.mark(VERIFIED, &user.0).and_then(|item| item.fixed::<32>().ok()) else {
            return false;
        };
        self.chain_of(user).is_ok_and(|chain| chain.contains(&compared))
    }
}
