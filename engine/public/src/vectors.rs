//! Frozen bytes of what everybody may check: protocol/vectors/v1. Python reads the same files through the binding
//! (engine/python/test_public.py). INMOST_WRITE_VECTORS=1 writes them anew, which is a new version of the protocol.

use openmls::prelude::Lifetime;
use serde_json::{json, Value};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::commit::CommitAad;
use crate::credential::Identity;
use crate::directory::{Change, Directory, Payload, Role};
use crate::fixture::{seed, Person, TestDevice, World, ORG};
use crate::group::client::{Client, Doing, Sent, CONVERSATION, GROUP};
use crate::group::{ServerGroup, ServerKey, Upload};
use crate::ids::{general_conversation, personal_conversation, Head, Message};
use crate::invitation::InvitationLink;
use crate::log::{self, Cause};
use crate::refusal::Refusal;
use crate::sealed::{Header, Sealed};
use crate::settings::{ConversationKind, Settings};
use crate::sign_in::SignIn;

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The frozen file, or, when asked to write, what is written.
#[allow(clippy::disallowed_methods)] // a test may read its environment
fn frozen(name: &str, write: impl FnOnce() -> Value) -> Value {
    if std::env::var("INMOST_WRITE_VECTORS").is_ok_and(|value| value == "1") {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocol/vectors/v1").join(name);
        let written = write();
        std::fs::write(&path, serde_json::to_string_pretty(&written).unwrap() + "\n").unwrap();
        return written;
    }
    // Inside the test's binary: as WebAssembly it reads no files.
    let text = match name {
        "directory.json" => include_str!("../../../protocol/vectors/v1/directory.json"),
        "group.json" => include_str!("../../../protocol/vectors/v1/group.json"),
        "public.json" => include_str!("../../../protocol/vectors/v1/public.json"),
        _ => panic!("{name} is to be named here"),
    };
    serde_json::from_str(text).unwrap()
}

/// Name, entry, and what it is refused with.
type RefusedEntry = (&'static str, Vec<u8>, Refusal);

/// An organisation in which every kind of entry happens.
fn story() -> (World, Vec<RefusedEntry>) {
    let owner = Person::new(1);
    let mut world = World::new(&owner);
    let key = ServerKey::generate([99; 32]);
    world.by(&owner, Payload::ServerKey { sig_public: *key.public() }).unwrap();
    world.by(&owner, Payload::Policy { version: 1, idle_ms: Some(2_592_000_000), strict_recovery: false }).unwrap();
    let administrator = world.join(2, Role::Administrator, &owner, false);
    let member = world.join(3, Role::Member, &administrator, false);
    let bot = world.join(4, Role::Member, &administrator, true);
    world.by(&bot, Payload::Profile { name: "Grüße 🤖".into() }).unwrap();
    let second = world.add_device(&member, 30);
    world.by(&member, Payload::Vault { version: 1, hash: [5; 32] }).unwrap();
    world.revoke(&member, second.id).unwrap();
    let recovery = Person::new(60).recovery;
    let set = Change::SetRecovery { sign_public: *recovery.public(), xwing_public: vec![8; 1216] };
    let draft = world.draft(Some(member.user), world.change(member.user, set));
    let new = (crate::ids::recovery_id(recovery.public()), &recovery);
    world.append(&draft.sign(&[member.recovery_signer(), new])).unwrap();
    world.by(&owner, Payload::Role { user: member.user, role: Role::Guest }).unwrap();
    let open = world.invite(6, Role::Guest, "open", false);
    world.by(&administrator, Payload::Invite(open)).unwrap();
    world.by(&administrator, Payload::Withdraw { invitation: crate::ids::Invitation([6; 16]) }).unwrap();
    world.suspend(&owner, administrator.user, true).unwrap();
    world.suspend(&owner, administrator.user, false).unwrap();
    let thief = Person::new(7);
    let claim = world.claim_of(&thief, crate::ids::Invitation([3; 16]), Some(administrator.user), "account3");
    world.append(&world.claimed(&thief, claim, &seed(3))).unwrap();

    let profile = |person: &Person| world.draft(Some(person.user), Payload::Profile { name: "Mallory".into() });
    let stale = world.draft(Some(owner.user), {
        let mut payload = world.change(owner.user, TestDevice::new(50).add());
        if let Payload::Chain { prev, .. } = &mut payload {
            *prev = [0; 32];
        }
        payload
    });
    let new_device = TestDevice::new(50);
    let policy = Payload::Policy { version: 3, idle_ms: None, strict_recovery: true };
    let refused = vec![
        ("a suspended person", profile(&member).sign(&[member.device.signer()]), Refusal::NotAllowed),
        ("another's key", profile(&owner).sign(&[bot.device.signer()]), Refusal::NotAllowed),
        ("no signature", profile(&owner).sign(&[]), Refusal::BadSignature),
        ("a stale chain", stale.sign(&[owner.device.signer(), new_device.signer()]), Refusal::StaleChain),
        (
            "a skipped version",
            world.draft(Some(owner.user), policy).sign(&[owner.device.signer()]),
            Refusal::NotAllowed,
        ),
    ];
    (world, refused)
}

fn directory_vectors() -> Value {
    let (world, refused) = story();
    let mut directory = Directory::new(ORG);
    let entries: Vec<Value> = world
        .entries
        .iter()
        .map(|entry| {
            let applied = directory.apply(entry).unwrap();
            let inactive: Vec<String> = applied.inactive_devices.iter().map(hex).collect();
            json!({ "entry": hex(entry), "kind": applied.kind, "hash": hex(applied.hash),
                    "user": applied.user.map(hex), "inactive_devices": inactive, "second_claim": applied.second_claim })
        })
        .collect();
    let refused: Vec<Value> = refused
        .iter()
        .map(|(name, entry, refusal)| json!({ "name": name, "entry": hex(entry), "code": refusal.code() }))
        .collect();
    let owner_seed = crate::sign::KeyPair::from_seed([1; 32]);
    json!({ "org": hex(ORG), "owner_seed_public": hex(owner_seed.public()), "entries": entries, "refused": refused,
            "snapshot_digest": hex(log::digest(&directory.snapshot())) })
}

#[test]
fn the_directorys_bytes_are_frozen() {
    let vectors = frozen("directory.json", directory_vectors);
    assert_eq!(vectors, directory_vectors());
    let mut directory = Directory::for_owner(ORG, unhex(&vectors["owner_seed_public"]).try_into().unwrap());
    for entry in vectors["entries"].as_array().unwrap() {
        let applied = directory.apply(&unhex(&entry["entry"])).unwrap();
        assert_eq!(hex(applied.hash), entry["hash"]);
    }
    for refused in vectors["refused"].as_array().unwrap() {
        assert_eq!(directory.check(&unhex(&refused["entry"])).unwrap_err().code(), refused["code"], "{refused}");
    }
}

/// Ids, log, links and headers: each with all its inputs.
fn public_vectors() -> Value {
    let (person, head) = (Person::new(2), Head { n: 70_000, hash: [6; 32] });
    let device = person.device.id;
    let start = log::log_start(CONVERSATION, GROUP);
    let link = InvitationLink {
        org: ORG,
        invitation: crate::ids::Invitation([2; 16]),
        seed: *seed(2).seed(),
        account: "alice".into(),
        from: Some((head, Person::new(1).user)),
    };
    let sign_in = SignIn {
        org: ORG,
        origin: "https://chat.example.org",
        server_nonce: &[1; 32],
        client_nonce: &[2; 32],
        device,
        time_ms: 1_700_000_000_000,
    };
    let header = Header {
        conversation: CONVERSATION,
        group: GROUP,
        epoch: 3,
        device,
        id: Message([5; 16]),
        salt: [6; 16],
        kind: 1,
    };
    let sealed = Sealed { header, header_bytes: header.encode(), commitment: [7; 32], ciphertext: vec![8; 64] };
    let history = log::Link::sign(&person.device.sig, ORG, CONVERSATION, GROUP, 3, vec![9; 90], device);
    let complaint =
        log::Complaint::sign(&person.device.sig, ORG, CONVERSATION, GROUP, 3, 12, "does not process", device);
    let settings = Settings::new(ConversationKind::Channel, person.user);
    let identity = Identity { org: ORG, user: person.user, device, position: 2 };
    let proposal = |cause| log::Proposal { epoch: 3, message: vec![1, 2, 3], cause }.encode();
    json!({
        "org": hex(ORG), "user": hex(person.user), "device": hex(device), "conversation": hex(CONVERSATION), "group": hex(GROUP),
        "sig_public": hex(person.device.sig.public()), "auth_public": hex(person.device.auth.public()),
        "general_conversation": hex(general_conversation(ORG)),
        "personal_conversation": hex(personal_conversation(ORG, person.user)),
        "log_start": hex(start), "log_next": hex(log::log_next(&start, 0, 1, &log::digest(b"entry"))),
        "create_entry": hex(log::Create { group: GROUP, group_info: vec![1, 2, 3], creator: device }.encode()),
        "commit_entry": hex(log::Commit { epoch: 3, message: vec![1, 2, 3] }.encode()),
        "proposal_entry": hex(proposal(Some(Cause::Directory { n: 12 }))), "self_remove_entry": hex(proposal(None)),
        "link_entry": hex(history.encode()), "complaint_entry": hex(complaint.encode()),
        "invitation_link": link.encode(), "invitation_seed": hex(link.seed),
        "sign_in": { "origin": sign_in.origin, "server_nonce": hex(sign_in.server_nonce), "client_nonce": hex(sign_in.client_nonce),
                     "time_ms": sign_in.time_ms, "signature": hex(sign_in.sign(&person.device.auth)) },
        "sealed": hex(sealed.encode()), "message": hex(header.id), "epoch": 3,
        "commit_aad": hex(CommitAad::new(head, 1_700_000_000_000).encode()),
        "settings": hex(settings.encode()), "identity": hex(identity.encode()),
    })
}

#[test]
fn ids_logs_links_and_headers_are_frozen() {
    let vectors = frozen("public.json", public_vectors);
    assert_eq!(vectors, public_vectors());
    assert!(Settings::decode(&unhex(&vectors["settings"])).is_ok());
    assert!(Identity::decode(&unhex(&vectors["identity"])).is_ok());
    assert!(CommitAad::decode(&unhex(&vectors["commit_aad"])).is_ok());
}

/// A group's first commits. MLS draws random numbers, so these are written once and from then on only read.
fn group_vectors() -> Value {
    let owner = Person::new(1);
    let mut world = World::new(&owner);
    let key = ServerKey::generate([99; 32]);
    world.by(&owner, Payload::ServerKey { sig_public: *key.public() }).unwrap();
    let alice = world.join(2, Role::Member, &owner, false);
    let second = world.add_device(&alice, 30);
    let client = |device: &TestDevice| Client { lifetime: Lifetime::init(0, u64::MAX), ..Client::new(&world, device) };
    let [mut by_owner, by_alice, mut by_second] = [&owner.device, &alice.device, &second].map(client);
    let (group_info, tree) = by_owner.create(&world, &Settings::new(ConversationKind::Group, owner.user));
    let (mut server, _) =
        ServerGroup::create(CONVERSATION, GROUP, &group_info, &tree, owner.device.id, &world.directory).unwrap();
    let mut commits = Vec::new();
    let mut accept = |server: &mut ServerGroup, sent: &Sent| {
        let checked = server.check(&sent.commit, &world.directory, world.time_ms, sent.upload()).unwrap();
        server.merge(checked).unwrap();
        let roster: Vec<String> = server.roster().iter().map(|(_, _, device)| hex(device)).collect();
        commits.push(json!({ "commit": hex(&sent.commit), "group_info": hex(&sent.group_info),
            "welcome": sent.welcome.as_ref().map(hex), "link": sent.link.as_ref().map(hex), "roster": roster,
            "tree_digest": hex(log::digest(&server.tree().unwrap())) }));
    };
    let sent = by_owner.commit(&world, Doing { adds: vec![by_alice.key_package()], ..Doing::default() });
    accept(&mut server, &sent);
    by_owner.merge_own();
    let sent = by_second.join_externally(&world, &sent.group_info, &server.tree().unwrap());
    accept(&mut server, &sent);
    by_owner.process(&sent.commit);
    let sent = by_owner.commit(&world, Doing { removes: vec![1, 2], ..Doing::default() });
    accept(&mut server, &sent);
    let entries: Vec<String> = world.entries.iter().map(hex).collect();
    json!({ "org": hex(ORG), "entries": entries, "conversation": hex(CONVERSATION), "group": hex(GROUP), "now_ms": world.time_ms,
            "creator": hex(owner.device.id), "group_info": hex(group_info), "tree": hex(tree), "commits": commits })
}

#[test]
fn a_group_made_by_the_first_version_is_followed_for_ever() {
    let vectors = frozen("group.json", group_vectors);
    let mut directory = Directory::new(ORG);
    for entry in vectors["entries"].as_array().unwrap() {
        directory.apply(&unhex(entry)).unwrap();
    }
    let creator = crate::ids::Device::from_slice(&unhex(&vectors["creator"])).unwrap();
    let (info, tree) = (unhex(&vectors["group_info"]), unhex(&vectors["tree"]));
    let (mut server, _) = ServerGroup::create(CONVERSATION, GROUP, &info, &tree, creator, &directory).unwrap();
    for sent in vectors["commits"].as_array().unwrap() {
        let optional = |name: &str| (!sent[name].is_null()).then(|| unhex(&sent[name]));
        let (group_info, welcome, link) = (unhex(&sent["group_info"]), optional("welcome"), optional("link"));
        let upload = Upload { group_info: &group_info, welcome: welcome.as_deref(), link: link.as_deref() };
        let now_ms = vectors["now_ms"].as_u64().unwrap();
        let checked = server.check(&unhex(&sent["commit"]), &directory, now_ms, upload).unwrap();
        server.merge(checked).unwrap();
        assert_eq!(hex(log::digest(&server.tree().unwrap())), sent["tree_digest"]);
    }
    assert_eq!(server.roster().len(), 1);
}
