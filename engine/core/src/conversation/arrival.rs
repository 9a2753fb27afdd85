//! Taking a commit that the log brings, own or others', in order; and everything that follows from a new epoch.

use inmost_public::commit::{commit_allowed, CommitAad, CommitView, Committer, GroupView};
use inmost_public::directory::Entry;
use inmost_public::ids::{sha256, Conversation, Device, Head};
use inmost_public::log;
use inmost_public::roles::Roles;
use inmost_public::Refusal;
use openmls::prelude::{ProcessedMessage, ProcessedMessageContent, StagedCommit};
use openmls_traits::OpenMlsProvider;

use crate::alarms::AlarmKind;
use crate::frames;
use crate::log_sync::Taken;
use crate::machine::Machine;
use crate::roster_history::EpochChange;
use crate::rows::Row;

use super::commit::{message_in, PendingKind};
use super::Membership;

impl Machine {
    /// A commit in the log's order.
    pub(crate) fn take_commit(
        &mut self,
        conversation: Conversation,
        head: Head,
        bytes: &[u8],
        at_ms: u64,
    ) -> Result<Taken, Refusal> {
        let entry = log::Commit::decode(bytes)?;
        let conv = self.conv(conversation)?;
        if conv.state.membership == Membership::Removed {
            return Ok(Taken::Done);
        }
        let is_own = conv
            .pending
            .as_ref()
            .is_some_and(|pending| pending.message == sha256(&[&entry.message]));
        if is_own {
            self.take_own_commit(conversation, head, at_ms)?;
            return Ok(Taken::Done);
        }
        match self.process(conversation, &entry) {
            Ok(Processed::NeedsDirectory(n)) => Ok(Taken::NeedsDirectory(n)),
            Ok(Processed::Commit(processed, commit, view)) => {
                let loaded = self.group(conversation)?;
                let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
                    return Err(Refusal::Corrupt);
                };
                let self_removed = staged.self_removed();
                merge(loaded, *staged)?;
                self.lost_race(conversation)?;
                self.entered(conversation, head, at_ms, &view, &commit, self_removed)?;
                Ok(Taken::Done)
            }
            Err(refusal) => {
                self.cannot_process(conversation, head, &refusal)?;
                Ok(Taken::Done)
            }
        }
    }

    fn process(&mut self, conversation: Conversation, entry: &log::Commit) -> Result<Processed, Refusal> {
        let view = self.group_view(conversation)?;
        if entry.epoch != view.epoch {
            return Err(Refusal::StaleEpoch {
                current_epoch: view.epoch,
            });
        }
        let message = message_in(&entry.message)?;
        let loaded = self.group(conversation)?;
        let processed = loaded
            .group
            .process_message(&loaded.provider, message)
            .map_err(|_| Refusal::CommitInvalid)?;
        let aad = CommitAad::decode(processed.aad()).map_err(|_| Refusal::CommitMalformed)?;
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.content() else {
            return Err(Refusal::CommitMalformed);
        };
        let commit = CommitView::build(
            loaded.provider.crypto(),
            loaded.group.extensions(),
            processed.sender(),
            processed.aad(),
            staged,
        )?;
        match self.directory.hash_at(aad.dir.n) {
            None => return Ok(Processed::NeedsDirectory(aad.dir.n)),
            Some(hash) if hash != aad.dir.hash => {
                self.directory_fork("a commit names another directory than this device's")
            }
            Some(_) => {}
        }
        commit_allowed(&view, &commit, &self.directory)?;
        Ok(Processed::Commit(Box::new(processed), Box::new(commit), Box::new(view)))
    }

    fn take_own_commit(&mut self, conversation: Conversation, head: Head, at_ms: u64) -> Result<(), Refusal> {
        let pending = self.drop_pending(conversation).ok_or(Refusal::Corrupt)?;
        let view = self.group_view(conversation)?;
        let loaded = self.group(conversation)?;
        let staged = loaded.group.pending_commit().ok_or(Refusal::Corrupt)?;
        let sender = openmls::prelude::Sender::Member(loaded.group.own_leaf_index());
        // The facts of an own commit are its author's: head and time as they were.
        let frames::Request::Commit(request) = frames::Request::decode(&pending.frame)? else {
            return Err(Refusal::Corrupt);
        };
        let aad = super::simulated::authenticated_data(&request.commit)?;
        let commit = CommitView::build(
            loaded.provider.crypto(),
            loaded.group.extensions(),
            &sender,
            &aad,
            staged,
        )?;
        loaded
            .group
            .merge_pending_commit(&loaded.provider)
            .map_err(|_| Refusal::Corrupt)?;
        self.entered(conversation, head, at_ms, &view, &commit, false)?;
        if request.link.is_some() {
            let epoch = self.conv(conversation)?.state.epoch;
            self.conv_mut(conversation)?.state.link_due.remove(&epoch);
        }
        if commit.has_path {
            let now = commit.aad.time_ms;
            self.conv_mut(conversation)?.state.own_path_ms = now;
        }
        let PendingKind::Member { intents } = pending.kind else {
            return Ok(());
        };
        self.fulfilled(conversation, &intents, !commit.adds.is_empty())
    }

    /// Everything that follows from having merged a commit.
    fn entered(
        &mut self,
        conversation: Conversation,
        head: Head,
        at_ms: u64,
        view: &GroupView,
        commit: &CommitView,
        self_removed: bool,
    ) -> Result<(), Refusal> {
        let change = change_of(head.n, view, commit);
        let epoch = view.epoch + 1;
        self.session.retried.remove(&conversation);
        self.session.refusals.remove(&conversation);
        let conv = self.conv_mut(conversation)?;
        let facts = conv.facts().after(commit);
        let state = &mut conv.state;
        (state.last_dir_n, state.last_time_ms, state.pathless_adds) = (facts.dir_n, facts.time_ms, facts.pathless_adds);
        state.pending.clear();
        if commit.has_path {
            state.group_path_ms = commit.aad.time_ms;
        }
        self.add_epoch(conversation, epoch, &change)?;
        self.show_change(conversation, head.n, epoch, at_ms)?;
        if self_removed {
            return self.was_removed(conversation);
        }
        let is_external = matches!(commit.committer, Committer::External(_));
        self.refresh(conversation)?;
        self.expect_link(conversation, epoch, is_external)?;
        self.show_backdated(conversation, commit)?;
        self.wants_vault_row(conversation);
        self.out.event(
            "conversation",
            crate::map! {"conversation" => conversation, "change" => "changed"},
        );
        Ok(())
    }

    /// Read what the row says of the group again from the group: epoch, keys, settings, people.
    pub(crate) fn refresh(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let view = self.group_view(conversation)?;
        let exported = self.group(conversation)?.exported(conversation)?;
        self.store_keys(conversation, view.epoch, &exported);
        let mut users: Vec<_> = view.roster.values().map(|leaf| leaf.identity.user).collect();
        users.sort();
        users.dedup();
        let roles = Roles::now(&view.settings, &self.directory);
        let stale: Vec<Device> = view
            .roster
            .values()
            .filter(|leaf| roles.must_go(leaf))
            .map(|leaf| leaf.identity.device)
            .collect();
        let state = &mut self.conv_mut(conversation)?.state;
        state.epoch = view.epoch;
        state.kind = view.settings.kind.name().to_owned();
        state.settings = view.settings.encode();
        state.users = users;
        state.devices = view.roster.len() as u64;
        state.stale = stale;
        self.save_conv(conversation);
        Ok(())
    }

    pub(crate) fn add_epoch(
        &mut self,
        conversation: Conversation,
        epoch: u64,
        change: &EpochChange,
    ) -> Result<(), Refusal> {
        self.rosters(conversation)?;
        self.rows.put(Row::Epoch(conversation, epoch), change);
        if let Some(rosters) = self.conv_mut(conversation)?.rosters.as_mut() {
            rosters.add(epoch, change);
        }
        Ok(())
    }

    /// A member with a newer directory sees that somebody came in by an older one, who by the newer may not. Who came in before
    /// the directory ended it, and is met only now, did nothing wrong: commits of one group never go back in time.
    fn show_backdated(&mut self, conversation: Conversation, commit: &CommitView) -> Result<(), Refusal> {
        let joiner = match &commit.committer {
            Committer::External(joiner) => Some(joiner.leaf.identity.device),
            Committer::Member(_) => None,
        };
        let came: Vec<Device> = commit
            .adds
            .iter()
            .map(|add| add.leaf.identity.device)
            .chain(joiner)
            .collect();
        for device in came {
            if self
                .ended_ms(device)
                .is_some_and(|ended_ms| ended_ms <= commit.aad.time_ms)
            {
                self.alarm(
                    AlarmKind::BackdatedDevice,
                    Some(conversation),
                    Some(device),
                    "a device came in that the directory had ended before; it is removed",
                );
            }
        }
        Ok(())
    }

    /// When the directory ended a device; None while it is active.
    fn ended_ms(&self, device: Device) -> Option<u64> {
        let n = self.directory.cause(device)?;
        let entry = self.rows.get_bytes(&Row::Entry(n).key())?;
        Some(Entry::decode(entry).ok()?.draft.time_ms)
    }
}

enum Processed {
    NeedsDirectory(u64),
    Commit(Box<ProcessedMessage>, Box<CommitView>, Box<GroupView>),
}

fn merge(loaded: &mut super::group::Loaded, staged: StagedCommit) -> Result<(), Refusal> {
    loaded
        .group
        .merge_staged_commit(&loaded.provider, staged)
        .map_err(|_| Refusal::CommitInvalid)
}

/// Who came and who went by device; one that replaced its own leaf did neither.
pub fn change_of(n: u64, view: &GroupView, commit: &CommitView) -> EpochChange {
    let mut left: Vec<Device> = commit
        .gone()
        .filter_map(|leaf| view.roster.get(&leaf))
        .map(|leaf| leaf.identity.device)
        .collect();
    let mut joined: Vec<Device> = commit.adds.iter().map(|add| add.leaf.identity.device).collect();
    let committer = match &commit.committer {
        Committer::Member(leaf) => view.roster.get(leaf).map(|leaf| leaf.identity.device),
        Committer::External(joiner) => {
            let device = joiner.leaf.identity.device;
            match left.iter().position(|left| *left == device) {
                Some(at) => drop(left.remove(at)),
                None => joined.push(device),
            }
            Some(device)
        }
    };
    EpochChange {
        n,
        committer,
        joined,
        left,
        is_start: false,
        settings: commit.settings.as_ref().map(|settings| settings.encode().into()),
        dir_n: commit.aad.dir.n,
    }
}
