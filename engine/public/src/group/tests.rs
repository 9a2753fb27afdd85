//! The server's group against real MLS clients.

use openmls::prelude::{Extension, Extensions};

use super::client::{Client, Doing, Sent, CONVERSATION, GROUP};
use super::*;
use crate::commit::CommitAad;
use crate::directory::{Directory, Payload, Role};
use crate::fixture::{Person, World, ORG};
use crate::ids::{general_conversation, personal_conversation, Head};
use crate::settings::{frozen, with_settings, ConversationKind, ConversationRole};

/// The owner's group with alice in it; bob and carol outside.
struct Room {
    world: World,
    key: ServerKey,
    owner: (Person, Client),
    alice: (Person, Client),
    bob: (Person, Client),
    server: ServerGroup,
    rows: std::collections::BTreeMap<Vec<u8>, Vec<u8>>,
    last: Sent,
}

fn organisation() -> (World, ServerKey, Person) {
    let owner = Person::new(1);
    let mut world = World::new(&owner);
    let key = ServerKey::generate([99; 32]);
    world.by(&owner, Payload::ServerKey { sig_public: *key.public() }).unwrap();
    (world, key, owner)
}

fn room() -> Room {
    let (mut world, key, owner) = organisation();
    let mut people = [2, 3].map(|number| world.join(number, Role::Member, &owner, false)).into_iter();
    let mut next = |world: &World| {
        let person = people.next().unwrap();
        let client = Client::new(world, &person.device);
        (person, client)
    };
    let (alice, bob) = (next(&world), next(&world));
    let mut creator = Client::new(&world, &owner.device);
    let settings = Settings::new(ConversationKind::Group, owner.user);
    let (info, tree) = creator.create(&world, &settings);
    let (server, changes) =
        ServerGroup::create(CONVERSATION, GROUP, &info, &tree, owner.device.id, &world.directory).unwrap();
    let last = Sent { commit: vec![], group_info: info, welcome: None, link: None };
    let owner = (owner, creator);
    let mut room = Room { world, key, owner, alice, bob, server, rows: Default::default(), last };
    room.persist(changes);
    let adds = vec![room.alice.1.key_package()];
    let sent = room.owner.1.commit(&room.world, Doing { adds, ..Doing::default() });
    let checked = room.accept(&sent);
    assert_eq!(checked, (1, vec![room.alice.0.device.id], vec![]));
    room.owner.1.merge_own();
    let tree = room.server.tree().unwrap();
    room.alice.1.join_by_welcome(sent.welcome.as_ref().unwrap(), &tree);
    room
}

impl Room {
    fn persist(&mut self, changes: Changes) {
        for (key, value) in changes {
            match value {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
        let loaded = ServerGroup::load(ORG, CONVERSATION, GROUP, self.rows.clone()).unwrap();
        assert_eq!(loaded.tree().unwrap(), self.server.tree().unwrap());
        assert_eq!(loaded.view(), self.server.view());
        self.server = loaded; // so that every test goes on from what was persisted
    }

    fn check(&self, sent: &Sent) -> Result<Checked, Refusal> {
        self.server.check(&sent.commit, &self.world.directory, self.world.time_ms, sent.upload())
    }

    fn refusal(&self, sent: &Sent) -> Refusal {
        self.check(sent).err().expect("it is refused")
    }

    /// (epoch, added devices, removed devices)
    fn accept(&mut self, sent: &Sent) -> (u64, Vec<Device>, Vec<Device>) {
        let checked = self.check(sent).unwrap();
        let devices = |who: &[(Device, User)]| who.iter().map(|(device, _)| *device).collect();
        let did = (checked.epoch, devices(&checked.adds), devices(&checked.removes));
        let changes = self.server.merge(checked).unwrap();
        self.persist(changes);
        self.last = sent.clone();
        did
    }

    fn devices(&self) -> Vec<Device> {
        self.server.roster().into_iter().map(|(_, _, device)| device).collect()
    }
}

#[test]
fn the_server_follows_a_group_from_its_creation_by_rows() {
    let mut room = room();
    let path = Doing { with_path: true, ..Doing::default() };
    let sent = room.alice.1.commit(&room.world, path);
    assert_eq!(room.accept(&sent), (2, vec![], vec![]));
    room.alice.1.merge_own();
    room.owner.1.process(&sent.commit);
    let alice = room.alice.0.device.id;
    let sent = room.owner.1.commit(&room.world, Doing { removes: vec![1], ..Doing::default() });
    assert_eq!(room.accept(&sent), (3, vec![], vec![alice]));
    assert_eq!(room.devices(), vec![room.owner.0.device.id]);
    room.owner.1.merge_own();
    let tree = room.owner.1.group().export_ratchet_tree();
    assert_eq!(room.server.tree().unwrap(), tree.tls_serialize_detached().unwrap());
}

#[test]
fn a_merged_commit_writes_the_rows_of_the_path_and_not_the_whole_tree() {
    let mut room = room();
    for number in 10..30 {
        let person = room.world.join(number, Role::Member, &room.owner.0.clone(), false);
        let client = Client::new(&room.world, &person.device);
        let doing = Doing { adds: vec![client.key_package()], with_path: number % 8 == 0, ..Doing::default() };
        let sent = room.owner.1.commit(&room.world, doing);
        room.accept(&sent);
        room.owner.1.merge_own();
    }
    let sent = room.owner.1.commit(&room.world, Doing { with_path: true, ..Doing::default() });
    let changes = room.server.merge(room.check(&sent).unwrap()).unwrap();
    let written: usize = changes.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
    let whole: usize = room.rows.iter().map(|(key, value)| key.len() + value.len()).sum();
    assert!(changes.len() < 14, "{} rows", changes.len());
    assert!(written * 3 < whole, "{written} of {whole}");
}

#[test]
fn a_group_is_created_exactly_as_specified_or_not_at_all() {
    let (mut world, _, owner) = organisation();
    let alice = world.join(2, Role::Member, &owner, false);
    let directory = &world.directory;
    let create = |person: &Person, conversation, settings: &Settings| {
        let (info, tree) = Client::new(&world, &person.device).create(&world, settings);
        ServerGroup::create(conversation, GROUP, &info, &tree, person.device.id, directory).err()
    };
    let of = Settings::new;
    let (general, personal) = (general_conversation(ORG), |person: &Person| personal_conversation(ORG, person.user));
    use ConversationKind::*;
    assert_eq!(create(&alice, CONVERSATION, &of(Group, alice.user)), None);
    assert_eq!(create(&alice, CONVERSATION, &of(Direct, alice.user)), None);
    assert_eq!(create(&alice, personal(&alice), &of(Personal, alice.user)), None);
    assert_eq!(create(&owner, general, &of(General, owner.user)), None);
    let not_allowed = Some(Refusal::NotAllowed);
    assert_eq!(create(&alice, general, &of(General, alice.user)), not_allowed);
    assert_eq!(create(&owner, CONVERSATION, &of(General, owner.user)), not_allowed);
    assert_eq!(create(&alice, general, &of(Group, alice.user)), not_allowed);
    assert_eq!(create(&alice, personal(&owner), &of(Group, alice.user)), not_allowed);
    assert_eq!(create(&alice, personal(&owner), &of(Personal, alice.user)), not_allowed);
    assert_eq!(create(&alice, CONVERSATION, &of(Group, owner.user)), not_allowed, "owned by another");
    let malformed = Some(Refusal::CommitMalformed);
    assert_eq!(create(&alice, CONVERSATION, &Settings { version: 2, ..of(Group, alice.user) }), malformed);
    assert_eq!(create(&alice, CONVERSATION, &Settings { away: vec![owner.user], ..of(Group, alice.user) }), malformed);
    // Without the server's key among the extensions, or with somebody else's leaf.
    let mut client = Client::new(&world, &alice.device);
    let settings = of(Group, alice.user);
    let without = group_extensions_without_server(&settings);
    let (info, tree) = client.create_with(without);
    let created = ServerGroup::create(CONVERSATION, GROUP, &info, &tree, alice.device.id, directory);
    assert_eq!(created.err(), malformed);
    let (info, tree) = client.create(&world, &settings);
    let created = ServerGroup::create(CONVERSATION, GROUP, &info, &tree, owner.device.id, directory);
    assert_eq!(created.err(), Some(Refusal::IdentityMismatch));
    let other = crate::ids::Group([1; 16]);
    let created = ServerGroup::create(CONVERSATION, other, &info, &tree, alice.device.id, directory);
    assert_eq!(created.err(), malformed);
    let mut stranger = Client::new(&world, &alice.device);
    stranger.device = crate::fixture::TestDevice::new(77);
    let (info, tree) = stranger.create(&world, &settings);
    let created = ServerGroup::create(CONVERSATION, GROUP, &info, &tree, alice.device.id, directory);
    assert_eq!(created.err(), Some(Refusal::IdentityMismatch), "Alice's name with another key");
    assert!(ServerGroup::create(CONVERSATION, GROUP, &tree, &info, alice.device.id, directory).is_err());
}

fn group_extensions_without_server(settings: &Settings) -> Extensions<openmls::prelude::GroupContext> {
    crate::settings::group_extensions(settings, ORG, None).unwrap()
}

#[test]
fn one_commit_wins_an_epoch_and_the_loser_is_told_which_it_is() {
    let mut room = room();
    let first = room.owner.1.commit(&room.world, Doing { with_path: true, ..Doing::default() });
    let second = room.alice.1.commit(&room.world, Doing { with_path: true, ..Doing::default() });
    let both = room.check(&second).unwrap();
    room.accept(&first);
    assert_eq!(room.refusal(&second), Refusal::StaleEpoch { current_epoch: 2 });
    assert_eq!(room.server.merge(both).err(), Some(Refusal::StaleEpoch { current_epoch: 2 }));
}

#[test]
fn a_valid_commit_that_policy_forbids_and_an_invalid_one_that_it_would_allow_are_refused() {
    let mut room = room();
    let forbidden = room.alice.1.commit(&room.world, Doing { removes: vec![0], ..Doing::default() });
    assert_eq!(room.refusal(&forbidden), Refusal::NotAllowed);
    let good = room.alice.1.commit(&room.world, Doing { with_path: true, ..Doing::default() });
    let mut refused = 0;
    for at in (0..good.commit.len()).step_by(97) {
        let mut bad = good.clone();
        bad.commit[at] ^= 1;
        // The membership tag takes the group's keys: members check it, the server cannot.
        refused += usize::from(room.check(&bad).is_err());
    }
    assert!(refused >= good.commit.len() / 97, "{refused}");
    let before = room.server.view().clone();
    assert!(room.check(&good).is_ok());
    assert_eq!(room.server.view(), &before, "checking changes nothing");
}

#[test]
fn what_is_uploaded_with_a_commit_belongs_to_it() {
    let mut room = room();
    let before = room.last.clone();
    let other = room.owner.1.commit(&room.world, Doing { with_path: true, ..Doing::default() });
    let adds = vec![room.bob.1.key_package()];
    let sent = room.alice.1.commit(&room.world, Doing { adds, ..Doing::default() });
    assert!(room.check(&sent).is_ok());
    assert!(room.check(&Sent { link: None, ..sent.clone() }).is_ok(), "a missing link is repaired later");
    let mut forged = sent.group_info.clone();
    *forged.last_mut().unwrap() ^= 1;
    let refused = [
        Sent { group_info: before.group_info.clone(), ..sent.clone() },
        Sent { group_info: other.group_info.clone(), ..sent.clone() },
        Sent { group_info: forged, ..sent.clone() },
        Sent { group_info: sent.welcome.clone().unwrap(), ..sent.clone() },
        Sent { welcome: None, ..sent.clone() },
        Sent { welcome: before.welcome.clone(), ..sent.clone() },
        Sent { link: other.link.clone(), ..sent.clone() },
    ];
    for (n, sent) in refused.iter().enumerate() {
        assert_eq!(room.refusal(sent), Refusal::GroupInfoMismatch, "{n}");
    }
    let superfluous = Sent { welcome: sent.welcome.clone(), ..other.clone() };
    assert_eq!(room.refusal(&superfluous), Refusal::GroupInfoMismatch);
    let mut link = crate::log::Link::decode(sent.link.as_ref().unwrap()).unwrap();
    link.link[0] ^= 1;
    assert_eq!(room.refusal(&Sent { link: Some(link.encode()), ..sent }), Refusal::BadSignature);
}

#[test]
fn the_group_info_of_a_commit_carries_no_tree_and_nothing_unknown() {
    let mut room = room();
    let sent = room.alice.1.commit(&room.world, Doing { with_path: true, ..Doing::default() });
    room.alice.1.merge_own();
    let group = room.alice.1.group.as_ref().unwrap();
    let crypto = room.alice.1.provider.crypto();
    let info = group.export_group_info(crypto, &room.alice.1.device.sig, true).unwrap().to_bytes().unwrap();
    assert_eq!(room.refusal(&Sent { group_info: info, ..sent.clone() }), Refusal::GroupInfoMismatch);
    let info = group.export_group_info(crypto, &room.alice.1.device.sig, false).unwrap().to_bytes().unwrap();
    assert!(room.check(&Sent { group_info: info, ..sent }).is_ok(), "the same, made later");
}

#[test]
fn a_further_device_and_a_lost_one_come_in_by_external_commit_and_strangers_do_not() {
    let mut room = room();
    let device = room.world.add_device(&room.alice.0, 40);
    let mut second = Client::new(&room.world, &device);
    let (info, tree) = (room.last.group_info.clone(), room.server.tree().unwrap());
    let stranger = room.bob.1.join_externally(&room.world, &info, &tree);
    assert_eq!(room.refusal(&stranger), Refusal::ExternalForbidden);
    assert!(!room.server.may_join(room.bob.0.device.id, &room.world.directory));
    assert!(room.server.may_join(device.id, &room.world.directory));
    let sent = second.join_externally(&room.world, &info, &tree);
    let checked = room.check(&sent).unwrap();
    assert!(checked.is_external && checked.has_path && checked.adds.is_empty() && checked.removes.is_empty());
    assert_eq!(checked.committer.identity.device, device.id);
    room.accept(&sent);
    room.owner.1.process(&sent.commit);
    assert_eq!(room.devices(), vec![room.owner.0.device.id, room.alice.0.device.id, device.id]);
    // Resync: the same device anew, its old leaf replaced.
    let (info, tree) = (room.last.group_info.clone(), room.server.tree().unwrap());
    let mut lost = Client::new(&room.world, &room.alice.0.device);
    let sent = lost.join_externally(&room.world, &info, &tree);
    let checked = room.check(&sent).unwrap();
    assert!(checked.removes.is_empty(), "nobody is gone");
    room.accept(&sent);
    room.owner.1.process(&sent.commit);
    let mut devices = room.devices();
    devices.sort();
    let mut expected = vec![room.owner.0.device.id, room.alice.0.device.id, device.id];
    expected.sort();
    assert_eq!(devices, expected);
}

#[test]
fn the_servers_removal_waits_until_it_is_committed_and_the_revoked_device_stays_out() {
    let mut room = room();
    let device = room.world.add_device(&room.alice.0, 40);
    let mut second = Client::new(&room.world, &device);
    let (info, tree) = (room.last.group_info.clone(), room.server.tree().unwrap());
    let sent = second.join_externally(&room.world, &info, &tree);
    room.accept(&sent);
    room.owner.1.process(&sent.commit);
    room.world.revoke(&room.alice.0, device.id).unwrap();
    assert_eq!(room.server.uncovered(&room.world.directory), vec![device.id]);
    let foreign = ServerKey::generate([98; 32]);
    assert_eq!(room.server.propose_remove(device.id, &foreign).err(), Some(Refusal::NotAllowed));
    assert_eq!(room.server.propose_remove(room.bob.0.device.id, &room.key).err(), Some(Refusal::NotAMember));
    let (proposal, changes) = room.server.propose_remove(device.id, &room.key).unwrap();
    room.persist(changes);
    assert_eq!(room.server.propose_remove(device.id, &room.key).err(), Some(Refusal::AlreadyExists));
    assert!(room.server.uncovered(&room.world.directory).is_empty());
    assert_eq!(room.server.pending()[0].0, device.id);
    // One who does not know of it yet.
    let without = room.owner.1.commit(&room.world, Doing { with_path: true, ..Doing::default() });
    assert_eq!(room.refusal(&without), Refusal::RemovalPending);
    // The revoked device itself.
    let (info, tree) = (room.last.group_info.clone(), room.server.tree().unwrap());
    let back = Client::new(&room.world, &device).join_externally(&room.world, &info, &tree);
    assert_eq!(room.refusal(&back), Refusal::NotAMember);
    let clear = room.owner.1.provider.storage();
    room.owner.1.group.as_mut().unwrap().clear_pending_commit(clear).unwrap();
    room.owner.1.process(&proposal);
    let sent = room.owner.1.commit(&room.world, Doing::default());
    assert_eq!(room.accept(&sent), (3, vec![], vec![device.id]));
    assert!(room.server.pending().is_empty());
    assert!(!room.rows.keys().any(|key| key.starts_with(&proposal_rows())), "no proposal row stays behind");
}

fn proposal_rows() -> Vec<u8> {
    let mut prefix = crate::provider::group_prefix(&GROUP.0);
    prefix.push(4);
    prefix
}

#[test]
fn a_member_leaves_by_a_self_remove_that_another_commits() {
    let mut room = room();
    let (owner, alice) = (room.owner.0.device.id, room.alice.0.device.id);
    let proposal = room.alice.1.leave();
    assert_eq!(room.server.accept_proposal(&proposal, owner).err(), Some(Refusal::NotAMember));
    let changes = room.server.accept_proposal(&proposal, alice).unwrap();
    room.persist(changes);
    assert_eq!(room.server.accept_proposal(&proposal, alice).err(), Some(Refusal::AlreadyExists));
    room.owner.1.process(&proposal);
    let sent = room.owner.1.commit(&room.world, Doing::default());
    assert_eq!(room.accept(&sent), (2, vec![], vec![alice]));
    let late = room.server.accept_proposal(&proposal, alice).err();
    assert_eq!(late, Some(Refusal::StaleEpoch { current_epoch: 2 }));
}

#[test]
fn settings_change_alone_and_by_their_roles_only() {
    let mut room = room();
    let mut settings = room.server.settings().clone();
    (settings.version, settings.retention_ms) = (2, Some(86_400_000));
    let context = room.owner.1.group().extensions().clone();
    let next = with_settings(&context, &settings).unwrap();
    let change = |extensions| Doing { extensions: Some(extensions), ..Doing::default() };
    let sent = room.alice.1.commit(&room.world, change(next.clone()));
    assert_eq!(room.refusal(&sent), Refusal::NotAllowed);
    let mut without = frozen(&next);
    without.remove(openmls::prelude::ExtensionType::ExternalSenders);
    without.add(settings.extension()).unwrap();
    let sent = room.owner.1.commit(&room.world, change(without));
    assert_eq!(room.refusal(&sent), Refusal::CommitMalformed, "the server would be no external sender any more");
    let mut other = frozen(&next);
    let key = ServerKey::generate([1; 32]);
    let senders = vec![crate::settings::external_sender(ORG, *key.public())];
    other.add_or_replace(Extension::ExternalSenders(senders)).unwrap();
    other.add(settings.extension()).unwrap();
    let sent = room.owner.1.commit(&room.world, change(other));
    assert_eq!(room.refusal(&sent), Refusal::CommitMalformed);
    let sent = room.owner.1.commit(&room.world, change(next));
    assert!(room.check(&sent).unwrap().settings_changed);
    room.accept(&sent);
    assert_eq!(room.server.settings(), &settings);
    assert_eq!(settings.role(room.owner.0.user), ConversationRole::Owner);
}

#[test]
fn the_authenticated_data_decide_and_adds_without_path_are_counted() {
    let mut room = room();
    assert_eq!(room.server.view().facts.pathless_adds, 1);
    let head = room.world.directory.head().unwrap();
    let with = |aad: Vec<u8>| Doing { with_path: true, aad: Some(aad), ..Doing::default() };
    let at = room.world.time_ms;
    let cases = [
        (b"not CBOR".to_vec(), Refusal::CommitMalformed),
        (CommitAad { seg: true, ..CommitAad::new(head, at) }.encode(), Refusal::CommitMalformed),
        (CommitAad::new(head, at - 120_001).encode(), Refusal::ClockSkewed),
        (CommitAad::new(Head { hash: [0; 32], ..head }, at).encode(), Refusal::DirectoryForked),
        (CommitAad::new(Head { n: head.n - 1, hash: head.hash }, at).encode(), Refusal::DirectoryBehind),
    ];
    for (aad, refusal) in cases {
        let sent = room.owner.1.commit(&room.world, with(aad));
        assert_eq!(room.refusal(&sent), refusal);
    }
    let sent = room.owner.1.commit(&room.world, Doing { with_path: true, ..Doing::default() });
    room.accept(&sent);
    assert_eq!(room.server.view().facts, GroupFacts { dir_n: head.n, time_ms: at, pathless_adds: 0 });
}

#[test]
fn a_swapped_identity_is_refused_before_anybody_is_told() {
    let mut room = room();
    // Somebody's own keys under Bob's name, as a server that swaps key packages would hand them out.
    let mut mallory = Client::new(&room.world, &room.bob.0.device);
    mallory.device = crate::fixture::TestDevice::new(77);
    let adds = vec![mallory.key_package()];
    let sent = room.owner.1.commit(&room.world, Doing { adds, ..Doing::default() });
    assert_eq!(room.refusal(&sent), Refusal::IdentityMismatch);
}

#[test]
#[allow(clippy::disallowed_methods)] // OpenMLS makes the package with the machine's clock
fn key_packages_are_taken_from_the_active_device_they_name() {
    let room = room();
    let now_ms = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let package = openmls::prelude::MlsMessageOut::from(room.bob.1.key_package()).to_bytes().unwrap();
    let check = |device, directory: &Directory, now_ms| {
        check_key_package(&package, device, directory, now_ms).map(|checked| checked.is_last_resort)
    };
    let (bob, directory) = (room.bob.0.device.id, &room.world.directory);
    assert_eq!(check(bob, directory, now_ms), Ok(false));
    assert_eq!(check(room.alice.0.device.id, directory, now_ms), Err(Refusal::IdentityMismatch));
    assert_eq!(check(bob, directory, now_ms + 400 * 86_400_000), Err(Refusal::ClockSkewed));
    let mut world = room.world.clone();
    world.suspend(&room.owner.0, room.bob.0.user, true).unwrap();
    assert_eq!(check(bob, &world.directory, now_ms), Err(Refusal::NotAMember));
}
