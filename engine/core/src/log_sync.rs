//! The log of each conversation, in order and without gaps: hash by hash, whoever delivers it and however late.

use inmost_public::ids::{Conversation, Head};
use inmost_public::limits::{MAX_HASHES, MAX_PAGE_ITEMS};
use inmost_public::log::{digest, log_next, log_start, Kind};
use inmost_public::Refusal;

use crate::alarms::AlarmKind;
use crate::conversation::{Membership, Span};
use crate::frames::{self, FetchLog, LogItem, LogPage};
use crate::machine::Machine;
use crate::message::Sealed;
use crate::session::{Asked, Wake};

/// Up to here a gap is fetched with its messages; beyond, hashes first and pages when somebody looks.
const SMALL_GAP: u64 = MAX_PAGE_ITEMS as u64;
/// A live message writes the log head only now and then; what a crash forgets is fetched again.
const SAVE_EVERY: u32 = 32;
const GAP_WAIT_MS: u64 = 1_000;

/// What came of a log item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Done,
    /// Its author knew the directory up to n; nothing was changed.
    NeedsDirectory(u64),
}

/// One item of a log, from an event or a page.
pub struct Entry<'a> {
    pub n: u64,
    pub kind: u8,
    pub bytes: Option<&'a [u8]>,
    pub digest: [u8; 32],
    pub at_ms: u64,
}

impl<'a> Entry<'a> {
    pub fn of(item: &'a LogItem) -> Result<Self, Refusal> {
        let digest = match (&item.entry, item.digest) {
            (Some(entry), _) => digest(entry),
            (None, Some(digest)) => digest,
            (None, None) => return Err(Refusal::Malformed),
        };
        Ok(Entry {
            n: item.n,
            kind: item.kind,
            bytes: item.entry.as_deref(),
            digest,
            at_ms: item.at_ms,
        })
    }
}

impl Machine {
    /// A new item from the server.
    pub(crate) fn item(&mut self, item: frames::Item) -> Result<(), Refusal> {
        let conversation = item.conversation;
        self.heard_of(conversation, item.n + 1);
        let Some(conv) = self.conversations.get(&conversation) else {
            return Ok(());
        };
        if !matches!(conv.state.membership, Membership::Member | Membership::Creating) || conv.next_n() > item.n {
            return Ok(());
        }
        if conv.next_n() < item.n || self.session.stalled.contains_key(&conversation) {
            return self.catch_up(conversation);
        }
        let entry = Entry {
            n: item.n,
            kind: item.kind,
            bytes: Some(&item.entry),
            digest: digest(&item.entry),
            at_ms: item.at_ms,
        };
        match self.take(conversation, &entry, true)? {
            Taken::Done => self.advance(conversation),
            Taken::NeedsDirectory(n) => self.stall(conversation, n),
        }
    }

    pub(crate) fn heard_of(&mut self, conversation: Conversation, next_n: u64) {
        let known = self.session.next_n.entry(conversation).or_insert(0);
        *known = (*known).max(next_n);
    }

    /// Wait for the directory, then go on with the log.
    pub(crate) fn stall(&mut self, conversation: Conversation, n: u64) -> Result<(), Refusal> {
        self.session.stalled.insert(conversation, n);
        self.want_directory(n + 1)
    }

    pub(crate) fn is_behind(&self, conversation: Conversation) -> bool {
        let next_n = self.conversations.get(&conversation).map_or(0, |conv| conv.next_n());
        !self.session.given_up.contains(&conversation)
            && (self.session.stalled.contains_key(&conversation)
                || self
                    .session
                    .next_n
                    .get(&conversation)
                    .is_some_and(|known| *known > next_n))
    }

    /// Fetch what is missing between the head and what the server has.
    pub(crate) fn catch_up(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let Some(conv) = self.conversations.get(&conversation) else {
            return Ok(());
        };
        let first = conv.next_n();
        let known = self.session.next_n.get(&conversation).copied().unwrap_or(0);
        let is_following = matches!(conv.state.membership, Membership::Member | Membership::Creating);
        if !is_following || self.session.given_up.contains(&conversation) {
            return Ok(());
        }
        if known <= first || self.session.stalled.contains_key(&conversation) || !self.session.is_connected() {
            return Ok(());
        }
        if !self.session.fetching.insert(conversation) {
            return Ok(());
        }
        let without_messages = known - first > SMALL_GAP;
        let limit = if without_messages { MAX_HASHES } else { MAX_PAGE_ITEMS } as u64;
        self.ask(Asked::Log(conversation), |id| {
            FetchLog {
                id,
                conversation,
                first,
                limit,
                without_messages,
            }
            .into()
        });
        Ok(())
    }

    /// A page from the head on.
    pub(crate) fn log_page(&mut self, page: LogPage) -> Result<(), Refusal> {
        let conversation = page.conversation;
        self.session.fetching.remove(&conversation);
        self.heard_of(conversation, page.next_n);
        let Some(conv) = self.conversations.get(&conversation) else {
            return Ok(());
        };
        let (next_n, before) = (
            conv.next_n(),
            conv.state
                .head
                .map_or_else(|| log_start(conversation, conv.state.group), |head| head.hash),
        );
        if page.first <= next_n && page.items.last().is_none_or(|last| last.n < next_n) && !page.items.is_empty() {
            return self.catch_up(conversation); // live items were faster
        }
        if page.first == next_n && page.hash_before != before {
            self.fork(conversation, "the server's log is not the one this device has verified");
            return Ok(());
        }
        if page.items.is_empty() {
            if page.next_n > next_n {
                self.misbehaved(Some(conversation), "the server withholds log entries it says it has");
            }
            self.session.next_n.insert(conversation, next_n); // a guess of this device's own, or a lie
            return self.caught_up(conversation);
        }
        for item in &page.items {
            if item.n < self.conv(conversation)?.next_n() {
                continue;
            }
            if !matches!(
                self.conv(conversation)?.state.membership,
                Membership::Member | Membership::Creating
            ) {
                break; // an item before this one removed this device, or made it come in anew
            }
            if item.n != self.conv(conversation)?.next_n() {
                self.misbehaved(Some(conversation), "a page of the log has a gap");
                return Ok(());
            }
            let entry = Entry::of(item)?;
            let is_live = item.entry.is_some();
            if let Taken::NeedsDirectory(n) = self.take(conversation, &entry, is_live)? {
                return self.stall(conversation, n);
            }
        }
        self.save_log(conversation);
        if self.is_behind(conversation) {
            return self.catch_up(conversation);
        }
        self.caught_up(conversation)
    }

    /// The head is where the server is.
    pub(crate) fn caught_up(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        self.open_newest(conversation)?;
        self.read_marks_back(conversation)?;
        self.advance(conversation)?;
        self.say_ready()
    }

    /// Take the next item of a log: its effect, then its hash.
    pub(crate) fn take(
        &mut self,
        conversation: Conversation,
        entry: &Entry<'_>,
        is_live: bool,
    ) -> Result<Taken, Refusal> {
        let conv = self.conv(conversation)?;
        let before = conv
            .state
            .head
            .map_or_else(|| log_start(conversation, conv.state.group), |head| head.hash);
        let head = Head {
            n: entry.n,
            hash: log_next(&before, entry.n, entry.kind, &entry.digest),
        };
        let kind = Kind::try_from(entry.kind).ok();
        // Sealed before this device came in: it opens with a page, when links have been walked back to its epoch.
        let is_older = kind == Some(Kind::Message)
            && entry
                .bytes
                .is_some_and(|bytes| self.is_older_than_keys(conversation, bytes));
        match (kind, entry.bytes) {
            (Some(Kind::Message), Some(_)) if is_older => self.unopened_message(conversation, &head, entry.at_ms)?,
            (Some(Kind::Message), Some(bytes)) => self.live_message(conversation, head, bytes, entry.at_ms)?,
            (Some(Kind::Message), None) => self.unopened_message(conversation, &head, entry.at_ms)?,
            (Some(Kind::Commit), Some(bytes)) => {
                if let Taken::NeedsDirectory(n) = self.take_commit(conversation, head, bytes, entry.at_ms)? {
                    return Ok(Taken::NeedsDirectory(n));
                }
            }
            (Some(Kind::Proposal), Some(bytes)) => {
                if let Taken::NeedsDirectory(n) = self.take_proposal(conversation, head, bytes)? {
                    return Ok(Taken::NeedsDirectory(n));
                }
            }
            (Some(Kind::Link), Some(bytes)) => self.take_link(conversation, bytes)?,
            (Some(Kind::Create), Some(bytes)) => self.take_create(conversation, bytes)?,
            (Some(Kind::Commit | Kind::Proposal | Kind::Link | Kind::Create), None) => {
                self.misbehaved(Some(conversation), "the server gives no handshake entry");
                return Err(Refusal::Malformed);
            }
            (Some(Kind::Complaint | Kind::Wrap) | None, _) => {}
        }
        self.took(
            conversation,
            head,
            before,
            kind == Some(Kind::Message),
            is_live && !is_older,
        )?;
        if is_older && !self.is_behind(conversation) {
            self.open_late(conversation, entry.n)?;
        }
        Ok(Taken::Done)
    }

    /// Sealed for an epoch whose content key or roster this device has not read back to.
    fn is_older_than_keys(&self, conversation: Conversation, bytes: &[u8]) -> bool {
        let Some(conv) = self.conversations.get(&conversation) else {
            return false;
        };
        let known_from = conv.state.keys_from.max(conv.state.rosters_from());
        known_from > 0 && Sealed::parse(bytes).is_ok_and(|sealed| sealed.header.epoch < known_from)
    }

    fn took(
        &mut self,
        conversation: Conversation,
        head: Head,
        before: [u8; 32],
        is_message: bool,
        is_loaded: bool,
    ) -> Result<(), Refusal> {
        if is_loaded && !is_message {
            self.opened(conversation)?.note(head.n, &head.hash);
        }
        let conv = self.conv_mut(conversation)?;
        conv.state.head = Some(head);
        if is_loaded {
            match conv.state.spans.last_mut() {
                Some(span) if span.last + 1 == head.n => span.last = head.n,
                _ => conv.state.spans.push(Span {
                    first: head.n,
                    last: head.n,
                    before,
                }),
            }
        }
        conv.unsaved += 1;
        if !is_message || conv.unsaved >= SAVE_EVERY {
            self.save_log(conversation);
        }
        Ok(())
    }

    /// Two logs: shown, and nothing more is sealed here.
    pub(crate) fn fork(&mut self, conversation: Conversation, words: &str) {
        self.alarm(AlarmKind::LogForked, Some(conversation), None, words);
        if let Ok(conv) = self.conv_mut(conversation) {
            conv.state.sealing_stopped = Some("LogForked".into());
        }
        self.save_conv(conversation);
    }

    /// An own request was accepted at a number: items before it may still be on their way.
    pub(crate) fn accepted_beyond(&mut self, conversation: Conversation, n: u64) {
        self.heard_of(conversation, n + 1);
        let at = self.now + GAP_WAIT_MS;
        self.session.wake(Wake::Gap(conversation), at);
    }
}
