//! Removals that wait: nothing is sealed before they are committed, and not everybody commits them at once.

use inmost_public::commit::cause_covers;
use inmost_public::ids::{sha256, Conversation, Device, Head, User};
use inmost_public::log;
use inmost_public::roles::Roles;
use inmost_public::settings::Settings;
use inmost_public::Refusal;
use openmls::prelude::{ProcessedMessageContent, Proposal, Sender};
use openmls_traits::OpenMlsProvider;

use crate::alarms::AlarmKind;
use crate::log_sync::Taken;
use crate::machine::Machine;
use crate::map;
use crate::session::Wake;

use super::commit::{message_in, PendingKind, Plan};
use super::group::rank_of;
use super::{Membership, PendingRemoval};

/// Each device waits this long for those before it, up to MAX_RANK of them.
const RANK_STEP_MS: u64 = 2_000;
const MAX_RANK: u64 = 30;

impl Machine {
    /// A proposal in the log's order: the server's Remove with its cause, or somebody's wish to leave.
    pub(crate) fn take_proposal(
        &mut self,
        conversation: Conversation,
        head: Head,
        bytes: &[u8],
    ) -> Result<Taken, Refusal> {
        let entry = log::Proposal::decode(bytes)?;
        if self.conv(conversation)?.state.membership == Membership::Removed {
            return Ok(Taken::Done);
        }
        if let Some(log::Cause::Directory { n }) = entry.cause {
            if self.directory.hash_at(n).is_none() {
                return Ok(Taken::NeedsDirectory(n));
            }
        }
        let pending = self.conv(conversation)?.pending.clone();
        let is_own = pending.as_ref().is_some_and(|pending| {
            matches!(pending.kind, PendingKind::Propose { .. }) && pending.message == sha256(&[&entry.message])
        });
        let taken = if is_own {
            self.own_proposal(conversation)
        } else {
            self.store_proposal(conversation, &entry)
        };
        match taken {
            Ok(Some((leaf, device, is_own_wish))) => {
                self.conv_mut(conversation)?.state.pending.push(PendingRemoval {
                    n: head.n,
                    leaf,
                    device,
                    is_own_wish,
                });
                if is_own {
                    self.drop_pending(conversation);
                } else if !self.own_commit_covers(conversation, leaf)? {
                    // Made without it, the own commit cannot win any more.
                    self.clear_commit(conversation)?;
                    self.lost_race(conversation)?;
                }
            }
            Ok(None) => {}
            Err(refusal) => {
                let words = format!("a removal is not what it should be: {}", refusal.code());
                self.alarm(AlarmKind::RemovalWithoutCause, Some(conversation), None, &words);
            }
        }
        Ok(Taken::Done)
    }

    /// Whether a commit that is under way fulfils this removal, so that the server accepts it all the same: it removes the
    /// leaf by value, as a device does that read the directory before the proposal; or the leaf is its own (commit_allowed).
    fn own_commit_covers(&mut self, conversation: Conversation, leaf: u32) -> Result<bool, Refusal> {
        let group = &self.group(conversation)?.group;
        let (own, Some(staged)) = (group.own_leaf_index().u32(), group.pending_commit()) else {
            return Ok(true); // none is under way
        };
        let mut gone = staged
            .queued_proposals()
            .filter_map(|queued| match (queued.proposal(), queued.sender()) {
                (Proposal::Remove(remove), _) => Some(remove.removed().u32()),
                (Proposal::SelfRemove, Sender::Member(leaf)) => Some(leaf.u32()),
                _ => None,
            });
        Ok(own == leaf || gone.any(|gone| gone == leaf))
    }

    fn own_proposal(&mut self, conversation: Conversation) -> Result<Option<(u32, Device, bool)>, Refusal> {
        let device = self.me()?.device;
        let leaf = self.group(conversation)?.group.own_leaf_index().u32();
        Ok(Some((leaf, device, true)))
    }

    fn store_proposal(
        &mut self,
        conversation: Conversation,
        entry: &log::Proposal,
    ) -> Result<Option<(u32, Device, bool)>, Refusal> {
        let view = self.group_view(conversation)?;
        if entry.epoch != view.epoch {
            return Ok(None); // its epoch is over; the server proposes again
        }
        let message = message_in(&entry.message)?;
        let loaded = self.group(conversation)?;
        let processed = loaded
            .group
            .process_message(&loaded.provider, message)
            .map_err(|_| Refusal::Malformed)?;
        let sender = processed.sender().clone();
        let ProcessedMessageContent::ProposalMessage(queued) = processed.into_content() else {
            return Err(Refusal::Malformed);
        };
        let (leaf, is_own_wish) = match (queued.proposal(), &sender) {
            (Proposal::Remove(remove), Sender::External(_)) => (remove.removed().u32(), false),
            (Proposal::SelfRemove, Sender::Member(leaf)) => (leaf.u32(), true),
            _ => return Err(Refusal::Malformed),
        };
        let of = view.roster.get(&leaf).ok_or(Refusal::Malformed)?;
        if !is_own_wish {
            // Without a cause that covers the leaf it never gets into this group.
            cause_covers(entry.cause.ok_or(Refusal::RemovalWithoutCause)?, of, &self.directory)?;
        }
        let loaded = self.group(conversation)?;
        loaded
            .group
            .store_pending_proposal(loaded.provider.storage(), *queued)
            .map_err(|_| Refusal::Corrupt)?;
        Ok(Some((leaf, of.identity.device, is_own_wish)))
    }

    /// Whether leaves have to go before anything is sealed.
    pub(crate) fn must_remove(&self, conversation: Conversation) -> Result<bool, Refusal> {
        let state = &self.conv(conversation)?.state;
        Ok(!state.pending.is_empty() || !state.stale.is_empty())
    }

    /// Commit what is pending, at once when something waits to be said, else when it is this device's turn.
    pub(crate) fn work_on_removal(&mut self, conversation: Conversation, is_due: bool) -> Result<(), Refusal> {
        let me = self.me()?.clone();
        let state = &self.conv(conversation)?.state;
        let is_own =
            state.pending.iter().any(|pending| pending.device == me.device) || state.stale.contains(&me.device);
        if is_own && !self.may_stay(conversation)? {
            return Ok(()); // one's own removal is others' to commit
        }
        let state = &self.conv(conversation)?.state;
        let own_revoked = state
            .stale
            .iter()
            .any(|device| self.directory.device(*device).is_some_and(|of| of.user == me.user));
        let has_words = !self.conv(conversation)?.outbox.is_empty() || !self.conv(conversation)?.intents.is_empty();
        if !is_due && !has_words && !own_revoked && !is_own {
            let view = self.group_view(conversation)?;
            let at = self.now + rank_of(&view.roster, me.device).min(MAX_RANK) * RANK_STEP_MS;
            if !self.session.wakes.contains_key(&Wake::Removal(conversation)) {
                self.session.wake(Wake::Removal(conversation), at.max(self.now + 1));
            }
            return Ok(());
        }
        let view = self.group_view(conversation)?;
        let is_pending = |leaf: u32| view.pending.iter().any(|pending| pending.leaf == leaf);
        let roles = Roles::now(&view.settings, &self.directory);
        let removes = view
            .roster
            .iter()
            .filter(|(index, leaf)| !is_pending(**index) && roles.must_go(leaf))
            .map(|(index, _)| *index)
            .collect();
        self.make_commit(
            conversation,
            Plan {
                removes,
                needs_path: true,
                ..Plan::default()
            },
        )
    }

    /// Whether this device's removal has lost its cause and nobody else is there to commit it: suspended, reinstated, and alone
    /// among the own devices. An own commit may leave it out (commit_allowed), and the server does not ask again.
    fn may_stay(&mut self, conversation: Conversation) -> Result<bool, Refusal> {
        let me = self.me()?.clone();
        let pending = &self.conv(conversation)?.state.pending;
        let wants_out = pending
            .iter()
            .any(|pending| pending.device == me.device && pending.is_own_wish);
        if wants_out || !self.directory.is_active(me.device) {
            return Ok(false);
        }
        let view = self.group_view(conversation)?;
        Ok(view.roster.values().all(|leaf| leaf.identity.user == me.user))
    }

    /// The directory ended devices: their leaves have to go.
    pub(crate) fn devices_ended(&mut self, devices: &[Device]) -> Result<(), Refusal> {
        let conversations: Vec<Conversation> = self.conversations.keys().copied().collect();
        for conversation in conversations {
            if !self.conv(conversation)?.is_member() {
                continue;
            }
            self.rosters(conversation)?;
            let conv = self.conv(conversation)?;
            let (epoch, rosters) = (conv.state.epoch, conv.rosters.as_ref());
            let ended: Vec<Device> = devices
                .iter()
                .copied()
                .filter(|device| rosters.and_then(|rosters| rosters.has(epoch, *device)) == Some(true))
                .collect();
            let stale = &mut self.conv_mut(conversation)?.state.stale;
            let before = stale.len();
            stale.extend(ended);
            stale.sort();
            stale.dedup();
            if stale.len() != before {
                self.save_conv(conversation);
            }
        }
        Ok(())
    }

    /// The organisation gave somebody another role: a guest's leaves go from where there are none.
    pub(crate) fn role_changed(&mut self, user: User) -> Result<(), Refusal> {
        let conversations: Vec<Conversation> = self.conversations.keys().copied().collect();
        let devices = self.directory.active_devices_of(user);
        for conversation in conversations {
            let state = &self.conv(conversation)?.state;
            if !self.conv(conversation)?.is_member() || !state.users.contains(&user) {
                continue;
            }
            let settings = Settings::decode(&state.settings)?;
            let is_out = Roles::now(&settings, &self.directory).is_out_of_place(user);
            self.rosters(conversation)?;
            let epoch = self.conv(conversation)?.state.epoch;
            let rosters = self.conv(conversation)?.rosters.as_ref();
            let there: Vec<Device> = devices
                .iter()
                .copied()
                .filter(|device| is_out && rosters.and_then(|rosters| rosters.has(epoch, *device)) == Some(true))
                .collect();
            let stale = &mut self.conv_mut(conversation)?.state.stale;
            let before = stale.clone();
            stale.retain(|device| !devices.contains(device));
            stale.extend(there);
            stale.sort();
            if *stale != before {
                self.save_conv(conversation);
            }
        }
        Ok(())
    }

    /// A commit removed this device.
    pub(crate) fn was_removed(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let own = self
            .conv(conversation)?
            .state
            .pending
            .iter()
            .any(|pending| pending.is_own_wish);
        let state = &mut self.conv_mut(conversation)?.state;
        state.membership = Membership::Removed;
        state.pending.clear();
        state.link_due.clear();
        self.save_conv(conversation);
        self.groups.remove(&conversation);
        let slot = self.conv(conversation)?.state.slot;
        self.rows
            .delete_prefix(&crate::rows::Row::Group(conversation, slot).key());
        self.drop_pending(conversation);
        self.drop_outbox(conversation, &Refusal::NotAMember);
        let intents: Vec<u64> = self.conv(conversation)?.intents.keys().copied().collect();
        for sequence in intents {
            let wanted_to_leave = self
                .conv(conversation)?
                .intents
                .get(&sequence)
                .is_some_and(|intent| intent.want == super::membership::Want::Leave);
            let result = if wanted_to_leave {
                Ok(map! {})
            } else {
                Err(Refusal::NotAMember.into())
            };
            self.finish_intent(conversation, sequence, result);
        }
        let change = if own { "left" } else { "removed" };
        self.out.event(
            "conversation",
            map! {"conversation" => conversation, "change" => change},
        );
        Ok(())
    }
}
