//! Every refusal of `commit_allowed`, and what stands beside it that is allowed (docs/protocol/conversations.md).

use super::scenery::{empty_commit, leaf};
use super::*;
use crate::credential::Leaf;
use crate::directory::{Payload, Role};
use crate::fixture::{Person, TestDevice, World};
use crate::ids::{Device, Head, User};
use crate::limits::CLOCK_SKEW_MS;
use crate::log::Cause;
use crate::refusal::Refusal;
use crate::settings::{ConversationKind, ConversationRole, Settings, WhoMayAdd};

/// A group of the owner (leaf 0, owner of the conversation), alice (1, 2: two devices) and bob (3); carol, a guest and a bot are outside.
struct Scene {
    world: World,
    owner: Person,
    alice: Person,
    alice_second: TestDevice,
    bob: Person,
    carol: Person,
    guest: Person,
    view: GroupView,
}

fn scene() -> Scene {
    let owner = Person::new(1);
    let mut world = World::new(&owner);
    let alice = world.join(2, Role::Member, &owner, false);
    let alice_second = world.add_device(&alice, 30);
    let bob = world.join(3, Role::Member, &owner, false);
    let carol = world.join(4, Role::Member, &owner, false);
    let guest = world.join(5, Role::Guest, &owner, false);
    let devices = [owner.device.id, alice.device.id, alice_second.id, bob.device.id];
    let roster = devices.iter().enumerate().map(|(index, device)| (index as u32, leaf(&world, *device))).collect();
    let facts = GroupFacts { dir_n: 3, time_ms: 1_000_000, pathless_adds: 0 };
    let settings = Settings::new(ConversationKind::Group, owner.user);
    let view = GroupView { epoch: 7, settings, roster, pending: vec![], facts };
    Scene { world, owner, alice, alice_second, bob, carol, guest, view }
}

impl Scene {
    fn head(&self) -> Head {
        self.world.directory.head().unwrap()
    }

    /// An empty commit with path.
    fn commit(&self, by: u32) -> CommitView {
        empty_commit(&self.world, &self.view, by)
    }

    fn external(&self, device: Device) -> CommitView {
        let joiner = JoinerView { leaf: leaf(&self.world, device), is_capable: true };
        CommitView { committer: Committer::External(joiner), external_inits: 1, path_leaf: None, ..self.commit(0) }
    }

    fn add(&self, device: Device) -> AddView {
        AddView { leaf: leaf(&self.world, device), is_capable: true, reference: device.0.to_vec() }
    }

    fn adding(&self, by: u32, device: Device) -> CommitView {
        CommitView { adds: vec![self.add(device)], has_path: false, path_leaf: None, ..self.commit(by) }
    }

    fn removing(&self, by: u32, removes: &[u32]) -> CommitView {
        CommitView { removes: removes.to_vec(), ..self.commit(by) }
    }

    fn setting(&self, by: u32, change: impl FnOnce(&mut Settings)) -> CommitView {
        let mut settings = self.view.settings.clone();
        settings.version += 1;
        change(&mut settings);
        CommitView { settings: Some(settings), ..self.commit(by) }
    }

    fn verdict(&self, commit: &CommitView) -> Result<(), Refusal> {
        commit_allowed(&self.view, commit, &self.world.directory)
    }

    fn with_role(mut self, user: User, role: ConversationRole) -> Self {
        self.view.settings.roles.push((user, role));
        self.view.settings.roles.sort_by_key(|(user, _)| *user);
        self
    }
}

#[test]
fn the_plain_commits_are_allowed() {
    let scene = scene();
    assert_eq!(scene.verdict(&scene.commit(1)), Ok(()));
    assert_eq!(scene.verdict(&scene.adding(1, scene.carol.device.id)), Ok(()));
    assert_eq!(scene.verdict(&scene.removing(0, &[3])), Ok(()));
    assert_eq!(scene.verdict(&scene.external(scene.alice.device.id)), Err(Refusal::ExternalForbidden), "it is in");
}

#[test]
fn commit_malformed() {
    let scene = scene();
    let mut commits = vec![
        CommitView { is_known: false, ..scene.commit(1) },
        CommitView { keeps_frozen: false, ..scene.commit(1) },
        CommitView { external_inits: 1, ..scene.commit(1) },
        scene.removing(0, &[99]),
    ];
    let changes: [fn(&mut CommitAad); 3] = [|aad| aad.seg = true, |aad| aad.first = 1, |aad| aad.horizon = 1];
    for change in changes {
        let mut commit = scene.commit(1);
        change(&mut commit.aad);
        commits.push(commit);
    }
    for commit in commits {
        assert_eq!(scene.verdict(&commit), Err(Refusal::CommitMalformed));
    }
}

#[test]
fn directory_behind_ahead_or_forked() {
    let mut scene = scene();
    let mut commit = scene.commit(1);
    commit.aad.dir = Head { n: 2, hash: scene.world.directory.hash_at(2).unwrap() };
    assert_eq!(scene.verdict(&commit), Err(Refusal::DirectoryBehind));
    commit.aad.dir = Head { n: scene.head().n + 1, hash: [0; 32] };
    assert_eq!(scene.verdict(&commit), Err(Refusal::DirectoryBehind));
    commit.aad.dir = Head { hash: [0; 32], ..scene.head() };
    assert_eq!(scene.verdict(&commit), Err(Refusal::DirectoryForked));
    // An earlier head than the newest is fine while the group has not seen a later one.
    commit.aad.dir = Head { n: 3, hash: scene.world.directory.hash_at(3).unwrap() };
    assert_eq!(scene.verdict(&commit), Ok(()));
    scene.view.facts.dir_n = 4;
    assert_eq!(scene.verdict(&commit), Err(Refusal::DirectoryBehind));
}

#[test]
fn clock_skewed() {
    let scene = scene();
    let commit = scene.commit(1);
    let mut early = commit.clone();
    early.aad.time_ms -= 1;
    assert_eq!(scene.verdict(&early), Err(Refusal::ClockSkewed));
    let at = |now_ms| commit_allowed_now(&scene.view, &commit, &scene.world.directory, now_ms);
    assert_eq!(at(commit.aad.time_ms + CLOCK_SKEW_MS), Ok(()));
    assert_eq!(at(commit.aad.time_ms + CLOCK_SKEW_MS + 1), Err(Refusal::ClockSkewed));
    assert_eq!(at(commit.aad.time_ms - CLOCK_SKEW_MS - 1), Err(Refusal::ClockSkewed));
}

#[test]
fn not_a_member() {
    let mut scene = scene();
    assert_eq!(scene.verdict(&scene.commit(9)), Err(Refusal::NotAMember));
    let before = scene.commit(2);
    let alice = scene.alice.clone();
    scene.world.revoke(&alice, scene.alice_second.id).unwrap();
    assert_eq!(scene.verdict(&scene.commit(2)), Err(Refusal::NotAMember));
    assert_eq!(scene.verdict(&before), Ok(()), "whoever reads it later decides by the head it names");
    let now = commit_allowed_now(&scene.view, &before, &scene.world.directory, before.aad.time_ms);
    assert_eq!(now, Err(Refusal::NotAMember), "the server decides by its newest head as well");
    let (owner, bob) = (scene.owner.clone(), scene.bob.clone());
    scene.world.suspend(&owner, bob.user, true).unwrap();
    assert_eq!(scene.verdict(&scene.commit(3)), Err(Refusal::NotAMember));
}

#[test]
fn removal_pending() {
    let mut scene = scene();
    scene.view.pending = vec![Pending { leaf: 3, by_server: true }, Pending { leaf: 2, by_server: false }];
    assert_eq!(scene.verdict(&scene.commit(1)), Err(Refusal::RemovalPending));
    let one = CommitView { server_removes: vec![3], ..scene.commit(1) };
    assert_eq!(scene.verdict(&one), Err(Refusal::RemovalPending));
    let both = CommitView { self_removes: vec![2], ..one };
    assert_eq!(scene.verdict(&both), Ok(()));
    let by_value = CommitView { removes: vec![3], self_removes: vec![2], ..scene.commit(1) };
    assert_eq!(scene.verdict(&by_value), Ok(()), "removed is removed");
    let mut without = both.clone();
    (without.has_path, without.path_leaf) = (false, None);
    assert_eq!(scene.verdict(&without), Err(Refusal::PathRequired));
}

#[test]
fn not_allowed_to_add() {
    let mut scene = scene().with_role(Person::new(3).user, ConversationRole::Guest);
    let carol = scene.carol.device.id;
    assert_eq!(scene.verdict(&scene.adding(3, carol)), Err(Refusal::NotAllowed), "a guest of the conversation");
    scene.view.settings.who_may_add = WhoMayAdd::Moderator;
    assert_eq!(scene.verdict(&scene.adding(1, carol)), Err(Refusal::NotAllowed));
    assert_eq!(scene.verdict(&scene.adding(0, carol)), Ok(()));
    let alice = scene.alice.clone();
    let third = scene.world.add_device(&alice, 31);
    assert_eq!(scene.verdict(&scene.adding(1, third.id)), Ok(()), "a further device of one's own");
    assert_eq!(scene.verdict(&scene.adding(3, third.id)), Err(Refusal::NotAllowed));
}

#[test]
fn a_direct_conversation_is_of_two() {
    let mut scene = scene();
    scene.view.settings = Settings::new(ConversationKind::Direct, scene.owner.user);
    scene.view.roster.remove(&3);
    let bob = scene.adding(1, scene.bob.device.id);
    assert_eq!(scene.verdict(&bob), Err(Refusal::NotAllowed), "the third");
    assert_eq!(scene.verdict(&scene.removing(0, &[1, 2])), Err(Refusal::NotAllowed));
    assert_eq!(scene.verdict(&scene.setting(0, |s| s.retention_ms = Some(1))), Err(Refusal::NotAllowed));
    scene.view.roster.remove(&1);
    scene.view.roster.remove(&2);
    assert_eq!(scene.verdict(&scene.adding(0, scene.bob.device.id)), Ok(()), "the second");
    scene.view.settings.away = vec![scene.alice.user];
    assert_eq!(scene.verdict(&scene.adding(0, scene.bob.device.id)), Err(Refusal::NotAllowed), "a place is kept");
}

#[test]
fn not_allowed_to_remove() {
    let scene = scene();
    assert_eq!(scene.verdict(&scene.removing(1, &[3])), Err(Refusal::NotAllowed));
    assert_eq!(scene.verdict(&scene.removing(1, &[2])), Ok(()), "a device of one's own");
    assert_eq!(scene.verdict(&scene.removing(0, &[1])), Err(Refusal::NotAllowed), "not the whole person");
    assert_eq!(scene.verdict(&scene.removing(0, &[1, 2])), Ok(()));
    let mut back = scene.removing(0, &[1, 2]);
    back.adds = vec![scene.add(scene.alice.device.id)];
    assert_eq!(scene.verdict(&back), Err(Refusal::NotAllowed), "removed and added at once");
    let scene = scene.with_role(Person::new(2).user, ConversationRole::Moderator);
    assert_eq!(scene.verdict(&scene.removing(1, &[3])), Ok(()));
}

#[test]
fn not_allowed_to_change_settings() {
    let alice = Person::new(2).user;
    let scene = scene().with_role(alice, ConversationRole::Moderator);
    let retention = |s: &mut Settings| s.retention_ms = Some(1);
    assert_eq!(scene.verdict(&scene.setting(0, retention)), Ok(()));
    assert_eq!(scene.verdict(&scene.setting(1, retention)), Ok(()));
    let refused = [
        scene.setting(3, retention),
        scene.setting(0, |_| ()),
        scene.setting(0, |s| s.version += 1),
        scene.setting(0, |s| s.kind = ConversationKind::Channel),
        scene.setting(0, |s| s.not_kept = true),
        scene.setting(0, |s| s.away = vec![alice]),
        scene.setting(1, |s| s.roles.clear()),
        scene.setting(0, |s| s.roles.reverse()),
        scene.setting(0, |s| s.roles.clear()), // nobody would be its owner
        scene.setting(0, |s| s.open = true),   // a group is never open, nor for announcements
        scene.setting(0, |s| s.announcement = true),
    ];
    for (n, commit) in refused.iter().enumerate() {
        assert_eq!(scene.verdict(commit), Err(Refusal::NotAllowed), "{n}");
    }
    let moderators = |s: &mut Settings| s.roles.retain(|(_, role)| *role != ConversationRole::Moderator);
    assert_eq!(scene.verdict(&scene.setting(0, moderators)), Ok(()), "roles are the owner's");
}

#[test]
fn identity_mismatch() {
    let mut scene = scene();
    let carol = scene.carol.device.id;
    let swaps: [fn(&mut Leaf); 5] = [
        |leaf| leaf.sig_public = *TestDevice::new(66).sig.public(), // the server's own key for Carol
        |leaf| leaf.identity.user = User([6; 32]),
        |leaf| leaf.identity.device = Device([6; 16]),
        |leaf| leaf.identity.position += 1,
        |leaf| leaf.identity.org.0[0] ^= 1,
    ];
    for swap in swaps {
        let mut commit = scene.adding(1, carol);
        swap(&mut commit.adds[0].leaf);
        assert_eq!(scene.verdict(&commit), Err(Refusal::IdentityMismatch));
        let mut commit = scene.commit(1);
        swap(commit.path_leaf.as_mut().unwrap());
        assert_eq!(scene.verdict(&commit), Err(Refusal::IdentityMismatch), "in the path");
    }
    let mut commit = scene.adding(1, carol);
    commit.adds[0].is_capable = false;
    assert_eq!(scene.verdict(&commit), Err(Refusal::IdentityMismatch));
    let guest = scene.guest.device.id;
    assert_eq!(scene.verdict(&scene.adding(1, guest)), Err(Refusal::IdentityMismatch));
    scene.view.settings.guests = true;
    assert_eq!(scene.verdict(&scene.adding(1, guest)), Ok(()));
    let owner = scene.owner.clone();
    scene.world.suspend(&owner, scene.carol.user, true).unwrap();
    assert_eq!(scene.verdict(&scene.adding(1, carol)), Err(Refusal::IdentityMismatch), "not active");
    scene.view.settings = Settings::new(ConversationKind::Personal, owner.user);
    scene.view.roster.retain(|leaf, _| *leaf == 0);
    assert_eq!(scene.verdict(&scene.adding(0, scene.bob.device.id)), Err(Refusal::IdentityMismatch));
}

#[test]
fn path_required() {
    let mut scene = scene();
    let commits = [scene.commit(1), scene.removing(0, &[3]), scene.setting(0, |s| s.retention_ms = Some(1))];
    for mut commit in commits {
        (commit.has_path, commit.path_leaf) = (false, None);
        assert_eq!(scene.verdict(&commit), Err(Refusal::PathRequired));
    }
    let commit = scene.adding(1, scene.carol.device.id);
    scene.view.facts.pathless_adds = 31;
    assert_eq!(scene.verdict(&commit), Ok(()));
    scene.view.facts = scene.view.facts.after(&commit);
    assert_eq!(scene.view.facts.pathless_adds, 32);
    assert_eq!(scene.verdict(&scene.adding(1, scene.carol.device.id)), Err(Refusal::PathRequired), "the 33rd");
    assert_eq!(scene.view.facts.after(&scene.commit(1)).pathless_adds, 0);
    let mut external = scene.external(scene.alice_second.id);
    (external.has_path, external.removes) = (false, vec![2]);
    assert_eq!(scene.verdict(&external), Err(Refusal::PathRequired));
}

#[test]
fn who_may_come_in_by_an_external_commit() {
    let mut scene = scene();
    let alice = scene.alice.clone();
    let third = scene.world.add_device(&alice, 31).id;
    let (carol, guest) = (scene.carol.device.id, scene.guest.device.id);
    assert_eq!(scene.verdict(&scene.external(third)), Ok(()), "a further device of a member");
    assert_eq!(scene.verdict(&scene.external(carol)), Err(Refusal::ExternalForbidden));
    scene.view.settings.away = vec![scene.carol.user];
    assert_eq!(scene.verdict(&scene.external(carol)), Ok(()), "away");
    scene.view.settings.away.clear();
    scene.view.settings.open = true;
    assert_eq!(scene.verdict(&scene.external(carol)), Ok(()), "open");
    assert_eq!(scene.verdict(&scene.external(guest)), Err(Refusal::ExternalForbidden), "open, but not for guests");
    for device in [third, carol] {
        assert!(may_join(&scene.view, device, &scene.world.directory));
    }
    assert!(!may_join(&scene.view, guest, &scene.world.directory));
}

#[test]
fn external_forbidden() {
    let mut scene = scene();
    let second = scene.alice_second.id;
    let resync = CommitView { removes: vec![2], ..scene.external(second) };
    assert_eq!(scene.verdict(&resync), Ok(()), "it replaces its own leaf");
    let settings = Some(scene.setting(0, |s| s.retention_ms = Some(1)).settings.unwrap());
    let refused = [
        CommitView { removes: vec![], ..resync.clone() },
        CommitView { removes: vec![3], ..resync.clone() },
        CommitView { removes: vec![1], ..resync.clone() },
        CommitView { removes: vec![2, 3], ..resync.clone() },
        CommitView { external_inits: 0, ..resync.clone() },
        CommitView { external_inits: 2, ..resync.clone() },
        CommitView { adds: vec![scene.add(scene.carol.device.id)], ..resync.clone() },
        CommitView { server_removes: vec![3], ..resync.clone() },
        CommitView { self_removes: vec![3], ..resync.clone() },
        CommitView { settings, ..resync.clone() },
        CommitView { is_known: false, ..resync.clone() },
    ];
    for (n, commit) in refused.iter().enumerate() {
        assert_eq!(scene.verdict(commit), Err(Refusal::ExternalForbidden), "{n}");
    }
    scene.view.pending = vec![Pending { leaf: 3, by_server: true }];
    assert_eq!(scene.verdict(&resync), Ok(()), "another's removal may wait");
    scene.view.pending = vec![Pending { leaf: 2, by_server: true }];
    assert_eq!(scene.verdict(&resync), Err(Refusal::ExternalForbidden), "its own may not");
}

#[test]
fn a_revoked_device_does_not_come_back_not_even_with_a_backdated_head() {
    let mut scene = scene();
    let (alice, second) = (scene.alice.clone(), scene.alice_second.id);
    let backdated = CommitView { removes: vec![2], ..scene.external(second) };
    scene.world.revoke(&alice, second).unwrap();
    let now = CommitView { removes: vec![2], ..scene.external(second) };
    assert_eq!(scene.verdict(&now), Err(Refusal::NotAMember));
    let verdict = commit_allowed_now(&scene.view, &backdated, &scene.world.directory, backdated.aad.time_ms);
    assert_eq!(verdict, Err(Refusal::NotAMember), "by the server");
    scene.view.facts.dir_n = now.aad.dir.n;
    assert_eq!(scene.verdict(&backdated), Err(Refusal::DirectoryBehind), "by members, once the group knows the head");
    let mut wrong = scene.external(second);
    if let Committer::External(joiner) = &mut wrong.committer {
        joiner.leaf.sig_public = *TestDevice::new(66).sig.public();
    }
    wrong.removes = vec![2];
    assert_eq!(scene.verdict(&wrong), Err(Refusal::IdentityMismatch));
}

#[test]
fn who_loses_the_last_device_is_away_and_who_is_removed_is_not() {
    let mut scene = scene();
    let bob = scene.bob.clone();
    let new = scene.world.add_device(&bob, 40);
    scene.world.revoke(&bob, bob.device.id).unwrap();
    let commit = scene.removing(1, &[3]);
    assert_eq!(scene.verdict(&commit), Err(Refusal::NotAllowed), "it leaves Bob out of `away`");
    let at = commit.aad.dir.n;
    let settings = settings_after(&scene.view, &commit, &scene.world.directory, at);
    assert_eq!(settings.as_ref().unwrap().away, vec![bob.user]);
    let commit = CommitView { settings, ..commit };
    assert_eq!(scene.verdict(&commit), Ok(()), "whoever commits it");
    // And so the new device comes back.
    scene.view.settings = commit.settings.unwrap();
    scene.view.roster.remove(&3);
    assert_eq!(scene.verdict(&scene.external(new.id)), Ok(()));
    // A moderator may take a person out of `away`.
    assert_eq!(scene.verdict(&scene.setting(1, |s| s.away.clear())), Err(Refusal::NotAllowed));
    assert_eq!(scene.verdict(&scene.setting(0, |s| s.away.clear())), Ok(()));
    // Removed as a person: out of `away` as well.
    scene.view.roster.insert(3, leaf(&scene.world, new.id));
    let commit = scene.removing(0, &[3]);
    let settings = settings_after(&scene.view, &commit, &scene.world.directory, commit.aad.dir.n);
    assert_eq!(settings.as_ref().unwrap().away, vec![]);
    assert_eq!(scene.verdict(&commit), Err(Refusal::NotAllowed));
    assert_eq!(scene.verdict(&CommitView { settings, ..commit }), Ok(()));
}

#[test]
fn a_suspended_person_goes_as_a_person() {
    let mut scene = scene();
    let (owner, bob) = (scene.owner.clone(), scene.bob.clone());
    scene.world.suspend(&owner, bob.user, true).unwrap();
    scene.view.pending = vec![Pending { leaf: 3, by_server: true }];
    let commit = CommitView { server_removes: vec![3], ..scene.commit(1) };
    assert_eq!(settings_after(&scene.view, &commit, &scene.world.directory, commit.aad.dir.n), None);
    assert_eq!(scene.verdict(&commit), Ok(()));
    assert_eq!(scene.verdict(&scene.removing(1, &[3])), Ok(()), "anybody may remove an inactive leaf");
}

#[test]
fn a_cause_covers_the_leaf_it_names_and_no_other() {
    let mut scene = scene();
    let (alice, owner, bob) = (scene.alice.clone(), scene.owner.clone(), scene.bob.clone());
    let revoked = scene.world.revoke(&alice, scene.alice_second.id).unwrap().n;
    let suspended = scene.world.suspend(&owner, bob.user, true).unwrap().n;
    let lifted = scene.world.suspend(&owner, bob.user, false).unwrap().n;
    let profile = scene.world.by(&owner, Payload::Profile { name: "Olga".into() }).unwrap().n;
    let covers = |n, leaf: u32| cause_covers(Cause::Directory { n }, &scene.view.roster[&leaf], &scene.world.directory);
    assert_eq!(covers(revoked, 2), Ok(()));
    assert_eq!(covers(suspended, 3), Ok(()));
    for (n, leaf) in [(revoked, 1), (revoked, 3), (suspended, 2), (lifted, 3), (profile, 0), (999, 2)] {
        assert_eq!(covers(n, leaf), Err(Refusal::RemovalWithoutCause), "{n} {leaf}");
    }
}
