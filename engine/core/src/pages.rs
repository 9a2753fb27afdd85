//! Pages of older messages: verified against the hash they must end in, opened with keys walked back to, and what came before this device.

use inmost_public::ids::{Conversation, Head};
use inmost_public::limits::MAX_PAGE_ITEMS;
use inmost_public::log::{log_next, log_start, Kind};
use inmost_public::Refusal;

use crate::conversation::{Membership, Prologue, Span};
use crate::frames::{FetchLog, FetchReceipts, LogPage};
use crate::input::CommandId;
use crate::log_sync::Entry;
use crate::machine::Machine;
use crate::map;
use crate::message::Sealed;
use crate::pack::Value;
use crate::refused::Refused;
use crate::session::{Asked, PageWanted};

/// What the sync opens by itself: this many messages of this many conversations.
const NEWEST: u64 = 50;
const NEWEST_CONVERSATIONS: usize = 20;

impl Machine {
    /// The command `page`.
    pub(crate) fn page(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        let conversation: Conversation = arguments.field("conversation")?;
        let before: Option<u64> = arguments.field("before")?;
        let limit = arguments.field::<u64>("limit")?.clamp(1, MAX_PAGE_ITEMS as u64);
        self.conv(conversation)?;
        let wanted = PageWanted {
            command: Some(command),
            limit,
            before,
        };
        self.session.pages.entry(conversation).or_default().push(wanted);
        if self.session.is_connected() && self.session.receipts_asked.insert(conversation) {
            self.ask(Asked::Receipts(conversation), |id| {
                FetchReceipts { id, conversation }.into()
            });
        }
        Ok(self.work_on_pages(conversation)?)
    }

    /// Open what stands at number `n`, for this device's own sake.
    pub(crate) fn read_back_to(&mut self, conversation: Conversation, n: u64) -> Result<(), Refusal> {
        self.session.pages.entry(conversation).or_default().push(PageWanted {
            command: None,
            limit: MAX_PAGE_ITEMS as u64,
            before: Some(n + 1),
        });
        self.work_on_pages(conversation)
    }

    /// Open a message that came in order, with keys this device must first walk back to.
    pub(crate) fn open_late(&mut self, conversation: Conversation, n: u64) -> Result<(), Refusal> {
        self.session.late.insert((conversation, n));
        self.session.pages.entry(conversation).or_default().push(PageWanted {
            command: None,
            limit: 1,
            before: Some(n + 1),
        });
        self.work_on_pages(conversation)
    }

    /// Open the newest page, once the head is reached, of what changed last.
    pub(crate) fn open_newest(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let state = &self.conv(conversation)?.state;
        let head = state.head.map_or(0, |head| head.n);
        let is_open = state
            .spans
            .last()
            .is_some_and(|span| span.last == head && span.first + NEWEST <= head + 1 || span.first == 0);
        let newer = self
            .conversations
            .values()
            .filter(|other| other.state.last_at_ms > state.last_at_ms)
            .count();
        let has_asked = self
            .session
            .pages
            .get(&conversation)
            .is_some_and(|pages| !pages.is_empty());
        if is_open || newer >= NEWEST_CONVERSATIONS || has_asked || state.membership != Membership::Member {
            return Ok(());
        }
        let loaded = state
            .spans
            .last()
            .filter(|span| span.last == head)
            .map_or(0, |span| head + 1 - span.first);
        if loaded >= NEWEST {
            return Ok(());
        }
        self.session.pages.entry(conversation).or_default().push(PageWanted {
            command: None,
            limit: NEWEST - loaded,
            before: None,
        });
        self.work_on_pages(conversation)
    }

    /// The highest run of numbers below `before` that is not loaded, and not longer than `limit`.
    fn gap(&self, conversation: Conversation, wanted: &PageWanted) -> Result<Option<(u64, u64)>, Refusal> {
        let state = &self.conv(conversation)?.state;
        let Some(head) = state.head else { return Ok(None) };
        let mut top = wanted.before.map_or(head.n + 1, |before| before.min(head.n + 1));
        let mut floor = 0;
        for span in state.spans.iter().rev() {
            if span.last + 1 >= top {
                top = top.min(span.first);
            } else {
                floor = span.last + 1;
                break;
            }
        }
        let enough = wanted.before.is_some_and(|before| top + wanted.limit <= before);
        if top == 0 || enough {
            return Ok(None);
        }
        // With `before` in the middle of a gap, the gap is loaded from its top: each page is proved by the one above it.
        let top = state
            .spans
            .iter()
            .map(|span| span.first)
            .chain([head.n + 1])
            .filter(|first| *first >= top)
            .min()
            .unwrap_or(top);
        Ok(Some((floor.max(top.saturating_sub(wanted.limit)), top - 1)))
    }

    /// Serve the first page that is wanted: load, walk back, or answer.
    pub(crate) fn work_on_pages(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        loop {
            let Some(wanted) = self
                .session
                .pages
                .get(&conversation)
                .and_then(|pages| pages.first())
                .cloned()
            else {
                return Ok(());
            };
            let is_busy = [
                Asked::Page(conversation),
                Asked::Links(conversation),
                Asked::Prologue(conversation),
            ]
            .iter()
            .any(|asked| self.session.is_asked(asked));
            if is_busy {
                return Ok(());
            }
            let Some((first, last)) = self.gap(conversation, &wanted)? else {
                self.answer_page(conversation, false)?;
                continue;
            };
            if !self.session.is_connected() {
                self.end_page(conversation, Err(Refused::offline()));
                continue;
            }
            let state = &self.conv(conversation)?.state;
            if first < state.joined_n && state.prologue != Prologue::Done && state.joined_n > 0 {
                return self.read_prologue(conversation);
            }
            let limit = last + 1 - first;
            self.ask(Asked::Page(conversation), |id| {
                FetchLog {
                    id,
                    conversation,
                    first,
                    limit,
                    without_messages: false,
                }
                .into()
            });
            return Ok(());
        }
    }

    /// The command was refused before it began.
    pub(crate) fn drop_page(&mut self, command: CommandId) {
        for pages in self.session.pages.values_mut() {
            pages.retain(|page| page.command != Some(command));
        }
    }

    fn end_page(&mut self, conversation: Conversation, result: Result<Value, Refused>) {
        let ended = self
            .session
            .pages
            .get_mut(&conversation)
            .filter(|pages| !pages.is_empty())
            .map(|pages| pages.remove(0));
        self.finish(ended.and_then(|page| page.command), result);
    }

    fn answer_page(&mut self, conversation: Conversation, waiting: bool) -> Result<(), Refusal> {
        let state = &self.conv(conversation)?.state;
        let before = self
            .session
            .pages
            .get(&conversation)
            .and_then(|pages| pages.first())
            .and_then(|page| page.before);
        let at = before.map_or(state.head.map(|head| head.n), |before| before.checked_sub(1));
        let span = state
            .spans
            .iter()
            .rev()
            .find(|span| at.is_some_and(|at| span.first <= at && at <= span.last));
        let (first, last) = (
            span.map(|span| span.first),
            span.and_then(|span| Some(span.last.min(at?))),
        );
        let more = state.spans.first().is_none_or(|span| span.first > 0) || state.spans.len() > 1;
        if waiting {
            self.conv_mut(conversation)?.state.is_waiting = true;
            self.save_conv(conversation);
            self.out.event("waiting", map! {"conversation" => conversation});
        }
        self.end_page(
            conversation,
            Ok(map! {"first" => first, "last" => last, "more" => more, "waiting" => waiting}),
        );
        if waiting {
            return Ok(());
        }
        self.read_marks_back(conversation)
    }

    /// h_n where a page may end: the head, or what stands before a loaded span.
    fn hash_at(&self, conversation: Conversation, n: u64) -> Result<Option<[u8; 32]>, Refusal> {
        let state = &self.conv(conversation)?.state;
        let head = state.head.filter(|head| head.n == n).map(|head| head.hash);
        Ok(head.or_else(|| {
            state
                .spans
                .iter()
                .find(|span| span.first == n + 1)
                .map(|span| span.before)
        }))
    }

    pub(crate) fn page_came(&mut self, page: LogPage) -> Result<(), Refusal> {
        let conversation = page.conversation;
        let Some(wanted) = self
            .session
            .pages
            .get(&conversation)
            .and_then(|pages| pages.first())
            .cloned()
        else {
            return Ok(());
        };
        let Some((first, last)) = self.gap(conversation, &wanted)? else {
            return self.work_on_pages(conversation);
        };
        let items: Vec<_> = page.items.iter().filter(|item| item.n <= last).collect();
        let is_whole = page.first <= first.max(page.first) && items.last().is_some_and(|item| item.n == last);
        if !is_whole {
            return self.rest_of_page(conversation, &page, last);
        }
        let mut hash = page.hash_before;
        let mut heads = Vec::with_capacity(items.len());
        for (item, n) in items.iter().zip(page.first..) {
            if item.n != n {
                return self.bad_page(conversation);
            }
            let entry = Entry::of(item)?;
            hash = log_next(&hash, n, entry.kind, &entry.digest);
            heads.push((Head { n, hash }, entry));
        }
        let is_start =
            page.first > 0 || page.hash_before == log_start(conversation, self.conv(conversation)?.state.group);
        if self.hash_at(conversation, last)? != Some(hash) || !is_start {
            return self.bad_page(conversation);
        }
        self.open_page(conversation, page.first, page.hash_before, &heads)
    }

    pub(crate) fn bad_page(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        self.misbehaved(
            Some(conversation),
            "a page of messages is not the one the log's hash proves",
        );
        self.end_page(
            conversation,
            Err(Refused::new(
                "ServerMisbehaved",
                "the server's page is not the one the log proves",
            )),
        );
        self.work_on_pages(conversation)
    }

    /// The server gave the page's beginning only (its limit in bytes): ask for what comes after, which can be proved.
    fn rest_of_page(&mut self, conversation: Conversation, page: &LogPage, last: u64) -> Result<(), Refusal> {
        let Some(got) = page
            .items
            .last()
            .map(|item| item.n)
            .filter(|n| *n < last && *n >= page.first)
        else {
            return self.bad_page(conversation);
        };
        self.ask(Asked::Page(conversation), |id| {
            FetchLog {
                id,
                conversation,
                first: got + 1,
                limit: last - got,
                without_messages: false,
            }
            .into()
        });
        Ok(())
    }

    /// Open a proved page, as far down as its keys are here; where one is missing, walk back first.
    fn open_page(
        &mut self,
        conversation: Conversation,
        first: u64,
        before: [u8; 32],
        heads: &[(Head, Entry<'_>)],
    ) -> Result<(), Refusal> {
        let keys_from = self.conv(conversation)?.state.keys_from;
        let epoch_of = |entry: &Entry<'_>| match (Kind::try_from(entry.kind), entry.bytes) {
            (Ok(Kind::Message), Some(bytes)) => Sealed::parse(bytes).ok().map(|sealed| sealed.header.epoch),
            _ => None,
        };
        let lowest = heads
            .iter()
            .filter_map(|(_, entry)| epoch_of(entry))
            .min()
            .unwrap_or(keys_from);
        if lowest < self.conv(conversation)?.state.rosters_from() {
            return self.read_prologue(conversation);
        }
        let is_walked_out = self.session.walked_out.contains(&conversation);
        if lowest < keys_from && !is_walked_out && self.walk_back(conversation, lowest)? {
            return Ok(());
        }
        self.session.walked_out.remove(&conversation);
        let closed = heads
            .iter()
            .rposition(|(_, entry)| epoch_of(entry).is_some_and(|epoch| epoch < keys_from));
        let open_from = closed.map_or(0, |at| at + 1);
        let before = if open_from == 0 {
            before
        } else {
            heads[open_from - 1].0.hash
        };
        for (head, entry) in &heads[open_from..] {
            match (Kind::try_from(entry.kind), entry.bytes) {
                (Ok(Kind::Message), Some(bytes)) => {
                    self.show_message(conversation, *head, bytes, entry.at_ms)?;
                    if self.session.late.remove(&(conversation, head.n)) {
                        self.out
                            .event("message", map! {"conversation" => conversation, "n" => head.n});
                    }
                }
                (Ok(Kind::Commit), _) => {
                    self.opened(conversation)?.note(head.n, &head.hash);
                    self.show_old_change(conversation, entry)?;
                }
                _ => self.opened(conversation)?.note(head.n, &head.hash),
            }
        }
        if open_from < heads.len() {
            let span = Span {
                first: first + open_from as u64,
                last: first + heads.len() as u64 - 1,
                before,
            };
            self.add_span(conversation, span)?;
        }
        self.save_log(conversation);
        if open_from > 0 {
            self.answer_page(conversation, true)?;
        } else if self
            .session
            .pages
            .get(&conversation)
            .and_then(|pages| pages.first())
            .is_some_and(|page| page.before.is_none())
        {
            self.answer_newest(conversation, first, first + heads.len() as u64 - 1)?;
        }
        self.work_on_pages(conversation)
    }

    /// `before` nil loads one page and is done, whatever lies below.
    fn answer_newest(&mut self, conversation: Conversation, first: u64, last: u64) -> Result<(), Refusal> {
        let more = self
            .conv(conversation)?
            .state
            .spans
            .first()
            .is_none_or(|span| span.first > 0)
            || self.conv(conversation)?.state.spans.len() > 1;
        self.end_page(
            conversation,
            Ok(map! {"first" => first, "last" => last, "more" => more, "waiting" => false}),
        );
        self.read_marks_back(conversation)
    }

    fn add_span(&mut self, conversation: Conversation, span: Span) -> Result<(), Refusal> {
        let spans = &mut self.conv_mut(conversation)?.state.spans;
        let at = spans.partition_point(|other| other.first < span.first);
        spans.insert(at, span);
        let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans.drain(..) {
            match joined.last_mut() {
                Some(last) if span.first <= last.last + 1 => last.last = last.last.max(span.last),
                _ => joined.push(span),
            }
        }
        *spans = joined;
        let expects = std::mem::take(&mut self.conv_mut(conversation)?.state.expects);
        for seen in expects {
            match self.opened(conversation)?.agrees(&seen) {
                Some(true) => {}
                Some(false) => self.fork(conversation, "a member saw another log than this device"),
                None => self.conv_mut(conversation)?.state.expects.push(seen),
            }
        }
        Ok(())
    }

    /// After links came: the page again, with the keys they gave, or waiting for one that is missing.
    pub(crate) fn pages_after_links(&mut self, conversation: Conversation, has_moved: bool) -> Result<(), Refusal> {
        if !has_moved {
            self.session.walked_out.insert(conversation);
        }
        self.work_on_pages(conversation)
    }

    pub(crate) fn page_refused(
        &mut self,
        conversation: Conversation,
        refused: &crate::frames::Refused,
    ) -> Result<(), Refusal> {
        self.end_page(conversation, Err(Refused::new(&refused.code, &refused.words)));
        self.work_on_pages(conversation)
    }
}
