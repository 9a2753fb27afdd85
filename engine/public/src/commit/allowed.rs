//! `commit_allowed`: the table of docs/protocol/conversations.md as one pure function. Facts in, verdict out.
//!
//! It decides by the directory as it was at the head that the commit names, so that everybody decides alike, however
//! much later. The server decides by its newest head as well (`commit_allowed_now`), so that nobody uses an old one.

use std::collections::BTreeSet;

use super::view::{AddView, CommitView, Committer, GroupView, JoinerView};
use crate::credential::Leaf;
use crate::directory::{Directory, Role};
use crate::ids::{Device, User};
use crate::limits::{CLOCK_SKEW_MS, MAX_MEMBERS_WITHOUT_PATH};
use crate::log::Cause;
use crate::refusal::Refusal;
use crate::roles::Roles;
use crate::settings::{ConversationKind, ConversationRole, Settings};

type Verdict = Result<(), Refusal>;

fn require(is: bool, otherwise: Refusal) -> Verdict {
    if is {
        Ok(())
    } else {
        Err(otherwise)
    }
}

/// Whether this commit may be the next one, by the directory at the head it names.
pub fn commit_allowed(view: &GroupView, commit: &CommitView, directory: &Directory) -> Verdict {
    commit_allowed_at(view, commit, directory, commit.aad.dir.n)
}

/// As the server decides: by the head the commit names, by the newest head, and by the clock.
pub fn commit_allowed_now(view: &GroupView, commit: &CommitView, directory: &Directory, now_ms: u64) -> Verdict {
    commit_allowed(view, commit, directory)?;
    require(commit.aad.time_ms.abs_diff(now_ms) <= CLOCK_SKEW_MS, Refusal::ClockSkewed)?;
    match directory.head() {
        Some(head) if head.n > commit.aad.dir.n => commit_allowed_at(view, commit, directory, head.n),
        _ => Ok(()),
    }
}

/// By the directory as it was just after entry `at`.
pub fn commit_allowed_at(view: &GroupView, commit: &CommitView, directory: &Directory, at: u64) -> Verdict {
    let rules = Rules { view, commit, directory, at };
    rules.aad()?;
    match &commit.committer {
        Committer::Member(leaf) => rules.member(*leaf),
        Committer::External(joiner) => rules.external(joiner),
    }
}

struct Rules<'a> {
    view: &'a GroupView,
    commit: &'a CommitView,
    directory: &'a Directory,
    at: u64,
}

impl Rules<'_> {
    fn aad(&self) -> Verdict {
        let aad = &self.commit.aad;
        // Segments are not built yet; a commit that begins one would make this version's history unreadable.
        require(!aad.seg && aad.first == 0 && aad.horizon == 0, Refusal::CommitMalformed)?;
        require(aad.dir.n >= self.view.facts.dir_n, Refusal::DirectoryBehind)?;
        let known = self.directory.hash_at(aad.dir.n).ok_or(Refusal::DirectoryBehind)?;
        require(known == aad.dir.hash, Refusal::DirectoryForked)?;
        require(aad.time_ms >= self.view.facts.time_ms, Refusal::ClockSkewed)
    }

    fn member(&self, index: u32) -> Verdict {
        let commit = self.commit;
        require(commit.is_known && commit.external_inits == 0 && commit.keeps_frozen, Refusal::CommitMalformed)?;
        let leaf = self.view.roster.get(&index).ok_or(Refusal::NotAMember)?;
        require(self.is_active(leaf), Refusal::NotAMember)?;
        // MLS lets a path change credential and signature key (RFC 9420 section 7.3); here they are the directory's.
        require(commit.path_leaf.is_none_or(|path| path == *leaf), Refusal::IdentityMismatch)?;
        let mut pending = self.view.pending.iter().filter(|pending| pending.leaf != index);
        require(pending.all(|pending| commit.gone().any(|gone| gone == pending.leaf)), Refusal::RemovalPending)?;
        let user = leaf.identity.user;
        self.adds(user)?;
        self.removes(user)?;
        self.settings(user)?;
        self.path()
    }

    fn is_active(&self, leaf: &Leaf) -> bool {
        self.directory.is_active_at(leaf.identity.device, self.at)
    }

    fn roles(&self) -> Roles<'_> {
        Roles::at(&self.view.settings, self.directory, self.at)
    }

    fn identity(&self, leaf: &Leaf, is_capable: bool) -> Verdict {
        leaf.check(self.directory)?;
        require(is_capable, Refusal::IdentityMismatch)
    }

    fn adds(&self, by: User) -> Verdict {
        for AddView { leaf, is_capable, .. } in &self.commit.adds {
            self.identity(leaf, *is_capable)?;
            require(self.is_active(leaf), Refusal::IdentityMismatch)?;
            let (user, settings) = (leaf.identity.user, &self.view.settings);
            require(settings.guests || !self.roles().is_guest(user), Refusal::IdentityMismatch)?;
            require(settings.kind != ConversationKind::Personal || user == by, Refusal::IdentityMismatch)?;
            // A further device of somebody who is in already gives nobody new access.
            require(self.view.has_user(user) && user == by || self.roles().may_add(by), Refusal::NotAllowed)?;
        }
        let mut users: BTreeSet<User> = self.view.roster.values().map(|leaf| leaf.identity.user).collect();
        users.extend(&self.view.settings.away);
        users.extend(self.commit.adds.iter().map(|add| add.leaf.identity.user));
        let is_direct = self.view.settings.kind == ConversationKind::Direct;
        require(!is_direct || self.commit.adds.is_empty() || users.len() <= 2, Refusal::NotAllowed)
    }

    fn removes(&self, by: User) -> Verdict {
        for index in &self.commit.removes {
            let leaf = self.view.roster.get(index).ok_or(Refusal::CommitMalformed)?;
            let user = leaf.identity.user;
            let is_pending = self.view.pending.iter().any(|pending| pending.leaf == *index);
            if user == by || self.roles().must_go(leaf) || is_pending {
                continue;
            }
            let may_remove = self.roles().may_remove(by, user);
            // Removing a person is removing all their leaves at once; otherwise they come back by the one that is left.
            require(may_remove && self.is_whole_user_gone(user), Refusal::NotAllowed)?;
        }
        Ok(())
    }

    fn is_whole_user_gone(&self, user: User) -> bool {
        let mut leaves = self.view.roster.iter().filter(|(_, leaf)| leaf.identity.user == user);
        leaves.all(|(index, _)| self.commit.gone().any(|gone| gone == *index))
            && self.commit.adds.iter().all(|add| add.leaf.identity.user != user)
    }

    fn settings(&self, by: User) -> Verdict {
        let (before, needed) = (&self.view.settings, away_after(self.view, self.commit, self.directory, self.at));
        let Some(after) = &self.commit.settings else {
            return require(needed == before.away, Refusal::NotAllowed);
        };
        require(after.is_consistent() && after.version == before.version + 1, Refusal::NotAllowed)?;
        if *after == (Settings { version: after.version, away: needed.clone(), ..before.clone() }) {
            // By rule only, whoever commits; a change that changes nothing would only be noise.
            return require(needed != before.away, Refusal::NotAllowed);
        }
        // Moderators may also take people out of `away`, never put them in, nor leave out who just lost the last device.
        let lost_now = needed.iter().filter(|user| !before.away.contains(user));
        require(lost_now.into_iter().all(|user| after.away.contains(user)), Refusal::NotAllowed)?;
        require(after.away.iter().all(|user| needed.contains(user)), Refusal::NotAllowed)?;
        let role = self.roles().of(by);
        let may_change = (role.is_moderating() || self.may_take_over(by) && after.changes_only_roles(before))
            && before.kind != ConversationKind::Direct
            && after.kind == before.kind
            && after.not_kept == before.not_kept
            && (after.roles == before.roles || role == ConversationRole::Owner || self.may_take_over(by))
            && (after.roles == before.roles || after.is_owned() && before.kind != ConversationKind::General)
            && (after.is_for_its_kind() || (after.open, after.announcement) == (before.open, before.announcement));
        require(may_change, Refusal::NotAllowed)
    }

    /// Where no owner is left who could act, an owner of the organisation who is a member names new ones.
    fn may_take_over(&self, by: User) -> bool {
        let settings = &self.view.settings;
        let may_act = |user: User| {
            (self.view.has_user(user) || settings.is_away(user))
                && self.directory.user(user).is_some_and(|state| !state.is_suspended_at(self.at))
                && self.roles().of(user) == ConversationRole::Owner
        };
        self.roles().in_organisation(by) == Role::Owner && !settings.roles.iter().any(|(user, _)| may_act(*user))
    }

    fn path(&self) -> Verdict {
        let commit = self.commit;
        let adds = self.view.facts.pathless_adds + commit.adds.len() as u64;
        let needs_path = commit.gone().next().is_some()
            || commit.settings.is_some()
            || commit.adds.is_empty()
            || adds > MAX_MEMBERS_WITHOUT_PATH;
        require(commit.has_path || !needs_path, Refusal::PathRequired)
    }

    fn external(&self, joiner: &JoinerView) -> Verdict {
        let (commit, identity) = (self.commit, &joiner.leaf.identity);
        let is_joining_only = commit.is_known
            && commit.external_inits == 1
            && commit.adds.is_empty()
            && commit.server_removes.is_empty()
            && commit.self_removes.is_empty()
            && commit.settings.is_none();
        let own_leaf = self.view.leaf_of(identity.device);
        let replaces_itself = commit.removes.iter().all(|leaf| Some(*leaf) == own_leaf);
        // OpenMLS leaves it to us which leaf an external commit removes (RFC 9420 section 12.4.3.2).
        let is_sound = is_joining_only && replaces_itself && commit.removes.len() == usize::from(own_leaf.is_some());
        require(is_sound, Refusal::ExternalForbidden)?;
        require(commit.has_path, Refusal::PathRequired)?;
        self.identity(&joiner.leaf, joiner.is_capable)?;
        require(self.is_active(&joiner.leaf), Refusal::NotAMember)?;
        let is_pending = self.view.pending.iter().any(|pending| Some(pending.leaf) == own_leaf);
        let (user, settings) = (identity.user, &self.view.settings);
        let is_back = (self.view.has_user(user) || settings.is_away(user)) && !self.roles().is_out_of_place(user);
        let is_admitted = is_back || self.roles().may_join(user);
        require(!is_pending && is_admitted, Refusal::ExternalForbidden)
    }
}

/// Whether an external commit of this device may be accepted, by the directory as it is now; also whether it may see the group at all.
pub fn may_join(view: &GroupView, device: Device, directory: &Directory) -> bool {
    let Some(user) = directory.device(device).map(|state| state.user) else {
        return false;
    };
    let roles = Roles::now(&view.settings, directory);
    let own_leaf = view.leaf_of(device);
    let is_pending = view.pending.iter().any(|pending| Some(pending.leaf) == own_leaf);
    let is_back = (view.has_user(user) || view.settings.is_away(user)) && !roles.is_out_of_place(user);
    let is_admitted = is_back || roles.may_join(user);
    directory.is_active(device) && !is_pending && is_admitted
}

/// Who must be in `away` after a member's commit: who was, and who loses the last leaf by a revoked device, without who was removed as a person.
pub fn away_after(view: &GroupView, commit: &CommitView, directory: &Directory, at: u64) -> Vec<User> {
    let gone: BTreeSet<u32> = commit.gone().collect();
    let is_in = |user: User| {
        view.roster.iter().any(|(index, leaf)| leaf.identity.user == user && !gone.contains(index))
            || commit.adds.iter().any(|add| add.leaf.identity.user == user)
    };
    let mut away: BTreeSet<User> = view.settings.away.iter().copied().collect();
    for leaf in gone.iter().filter_map(|index| view.roster.get(index)) {
        let user = leaf.identity.user;
        if is_in(user) {
            continue;
        }
        // A person whose leaves all go because the devices are revoked comes back with a new one. Whoever is suspended,
        // leaves, or is removed while a device is still active, goes as a person.
        let all_revoked = view.roster.iter().filter(|(_, other)| other.identity.user == user).all(|(index, other)| {
            let device = directory.device(other.identity.device);
            let revoked = device.is_some_and(|state| state.revoked_n.is_some_and(|n| n <= at));
            revoked && !commit.self_removes.contains(index)
        });
        let is_suspended = directory.user(user).is_none_or(|state| state.is_suspended_at(at));
        if all_revoked && !is_suspended && view.settings.kind != ConversationKind::Personal {
            away.insert(user);
        } else {
            away.remove(&user);
        }
    }
    away.into_iter().collect()
}

/// The settings that a commit has to carry because of whom it removes, if any. Call it before adding other changes of settings.
pub fn settings_after(view: &GroupView, commit: &CommitView, directory: &Directory, at: u64) -> Option<Settings> {
    let away = away_after(view, commit, directory, at);
    let before = &view.settings;
    (away != before.away).then(|| Settings { version: before.version + 1, away, ..before.clone() })
}

/// Whether the directory gives the server this cause to remove this leaf.
pub fn cause_covers(cause: Cause, leaf: &Leaf, directory: &Directory) -> Verdict {
    let Cause::Directory { n } = cause;
    let device = directory.device(leaf.identity.device).ok_or(Refusal::RemovalWithoutCause)?;
    let revokes = device.revoked_n == Some(n);
    let suspends = directory.user(device.user).is_some_and(|user| user.suspensions.contains(&(n, true)));
    require(device.user == leaf.identity.user && (revokes || suspends), Refusal::RemovalWithoutCause)
}
