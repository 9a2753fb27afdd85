//! What came before this device: the handshake entries of older epochs, to know who was there when a page is opened.

use inmost_public::ids::Conversation;
use inmost_public::limits::MAX_HASHES;
use inmost_public::log::{log_next, log_start, Kind};
use inmost_public::Refusal;

use crate::conversation::simulated::Simulated;
use crate::conversation::Prologue;
use crate::frames::{FetchLog, LogPage};
use crate::log_sync::Entry;
use crate::machine::Machine;
use crate::roster_history::EpochChange;
use crate::rows::Row;
use crate::session::Asked;

impl Machine {
    /// Read the handshake entries before this device's time, to know who was there in older epochs.
    pub(crate) fn read_prologue(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let state = &mut self.conv_mut(conversation)?.state;
        if state.prologue == Prologue::Wanted {
            state.prologue = Prologue::Reading(Simulated::start(log_start(conversation, state.group)));
        }
        let Prologue::Reading(simulated) = &state.prologue else {
            return Ok(());
        };
        let (first, limit) = (
            simulated.next_n,
            (state.joined_n + 1 - simulated.next_n).min(MAX_HASHES as u64),
        );
        self.ask(Asked::Prologue(conversation), |id| {
            FetchLog {
                id,
                conversation,
                first,
                limit,
                without_messages: true,
            }
            .into()
        });
        Ok(())
    }

    pub(crate) fn prologue_came(&mut self, page: &LogPage) -> Result<(), Refusal> {
        let conversation = page.conversation;
        let state = &self.conv(conversation)?.state;
        let (joined_n, joined_before, joined_epoch) = (state.joined_n, state.joined_before, state.joined_epoch);
        let Prologue::Reading(mut simulated) = state.prologue.clone() else {
            return Ok(());
        };
        if page.first != simulated.next_n || page.items.is_empty() {
            return self.bad_prologue(conversation);
        }
        for item in page.items.iter().filter(|item| item.n <= joined_n) {
            if item.n != simulated.next_n || (item.n == joined_n && simulated.hash != joined_before) {
                return self.bad_prologue(conversation);
            }
            let entry = Entry::of(item)?;
            let changed = match (Kind::try_from(entry.kind), entry.bytes) {
                (Ok(kind @ (Kind::Create | Kind::Commit | Kind::Proposal)), Some(bytes)) => {
                    simulated.take(item.n, kind, bytes)?
                }
                _ => None,
            };
            simulated.hash = log_next(&simulated.hash, item.n, entry.kind, &entry.digest);
            simulated.next_n += 1;
            if let Some((epoch, change)) = changed {
                if epoch == joined_epoch {
                    return self.end_prologue(conversation, &simulated, change);
                }
                self.rows.put(Row::Epoch(conversation, epoch), &change);
            }
        }
        self.conv_mut(conversation)?.state.prologue = Prologue::Reading(simulated);
        self.save_conv(conversation);
        self.read_prologue(conversation)
    }

    /// The simulated roster must be the one of the tree this device joined; then its epoch is like any other.
    fn end_prologue(
        &mut self,
        conversation: Conversation,
        simulated: &Simulated,
        change: EpochChange,
    ) -> Result<(), Refusal> {
        let epoch = self.conv(conversation)?.state.joined_epoch;
        let start: Option<EpochChange> = self.rows.get(Row::Epoch(conversation, epoch))?;
        let known = start.as_ref().and_then(|start| start.settings.clone());
        let mut there: Vec<_> = simulated.leaves.iter().flatten().copied().collect();
        let mut joined = start.map(|start| start.joined).unwrap_or_default();
        there.sort();
        joined.sort();
        // The settings as well: by them is judged who was allowed to say what.
        let are_settings_right = known.is_none() || known == simulated.settings;
        if there != joined || simulated.epoch != epoch || !are_settings_right {
            return self.bad_prologue(conversation);
        }
        self.rows.put(Row::Epoch(conversation, epoch), &change);
        let conv = self.conv_mut(conversation)?;
        conv.rosters = None;
        conv.state.prologue = Prologue::Done;
        self.save_conv(conversation);
        self.work_on_pages(conversation)
    }

    fn bad_prologue(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        self.conv_mut(conversation)?.state.prologue = Prologue::Wanted;
        self.save_conv(conversation);
        self.bad_page(conversation)
    }
}
