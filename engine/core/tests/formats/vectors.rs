//! Frozen bytes: protocol/vectors/v1 is what every version reads and writes. INMOST_WRITE_VECTORS=1 writes it anew.

use std::path::PathBuf;

use inmost_core::content::{Content, Ref};
use inmost_core::keys::{ContentKey, HistoryKey};
use inmost_core::link::{make_link, open_link, HistoryLink, LinkPlace, PastEpoch};
use inmost_core::message::{seal, Sealer};
use inmost_core::padme::padded_len;
use inmost_core::recovery::{PaperDevice, PasskeySecret, RecoveryKey, RecoveryTextError};
use inmost_core::safety::safety_number;
use inmost_core::vault::{Vault, VaultRow};
use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::{sha256, Conversation, Device, Message, User};
use inmost_public::settings::{ConversationKind, ConversationRole, Settings, WhoMayAdd};
use inmost_public::sign::KeyPair;
use serde_json::{json, Value};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::content::{every_mark, mark, poll, post, SCRIPTS};
use crate::fixture::*;
use crate::vault::{contents, crypto, row_contents, writer, ROW, USER};

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("hex in a vector");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex in a vector"))
        .collect()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../protocol/vectors/v1")
        .join(format!("{name}.json"))
}

#[allow(clippy::disallowed_methods)] // a developer's switch, not an input of the engine
fn is_writing() -> bool {
    std::env::var("INMOST_WRITE_VECTORS").is_ok_and(|value| value == "1")
}

fn write(name: &str, vectors: &Value) {
    std::fs::create_dir_all(path(name).parent().expect("a folder")).expect("a writable checkout");
    std::fs::write(path(name), serde_json::to_string_pretty(vectors).expect("JSON") + "\n")
        .expect("a writable checkout");
}

fn read(name: &str) -> String {
    if is_writing() {
        return std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}.json: {error}"));
    }
    let frozen = FROZEN.iter().find(|(of, _)| *of == name);
    frozen
        .unwrap_or_else(|| panic!("{name}.json is to be named in FROZEN"))
        .1
        .to_owned()
}

macro_rules! vectors {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../../protocol/vectors/v1/", $name, ".json")),
        )
    };
}

/// Inside the test's binary: as WebAssembly it reads no files.
const FROZEN: &[(&str, &str)] = &[
    vectors!("channels"),
    vectors!("content"),
    vectors!("links"),
    vectors!("messages"),
    vectors!("padme"),
    vectors!("recovery"),
    vectors!("safety"),
    vectors!("vault"),
    vectors!("vault-2"),
];

/// Byte for byte: what is made today is what was frozen.
fn frozen(name: &str, made: Value) {
    if is_writing() {
        write(name, &made);
    }
    let written = serde_json::to_string_pretty(&made).expect("JSON") + "\n";
    assert!(
        written == read(name),
        "{name}.json has changed: a frozen format may not"
    );
}

fn said() -> Vec<(&'static str, Content)> {
    let to = Ref {
        device: DEVICE,
        id: Message([0x51; 16]),
    };
    vec![
        ("text", text("Hello, *world*")),
        ("empty text", text("")),
        (
            "reply with mentions",
            Content::Text {
                text: "yes @bob".into(),
                reply_to: Some(to),
                mentions: vec![User([0x52; 32]), User([0x53; 32])],
            },
        ),
        (
            "edit",
            Content::Edit {
                of: to,
                text: "yes, Bob".into(),
                mentions: vec![],
            },
        ),
        ("delete", Content::Delete { of: to }),
        (
            "react",
            Content::React {
                to,
                emoji: "👩🏽‍🚀".into(),
                on: true,
            },
        ),
        (
            "react off",
            Content::React {
                to,
                emoji: "❤️".into(),
                on: false,
            },
        ),
        ("title", Content::Title { text: "plans".into() }),
        (
            "topic",
            Content::Topic {
                text: "what comes next".into(),
            },
        ),
        (
            "channel",
            Content::Channel {
                conversation: Conversation([0x54; 16]),
                title: "général".into(),
                topic: "everything".into(),
            },
        ),
        ("receipt", Content::Receipt { n: 70_000 }),
        ("typing", Content::Typing { on: true }),
    ]
}

/// What came after the first formats: behind them, so that none of theirs moves.
fn said_later() -> Vec<(&'static str, Content)> {
    let to = Ref {
        device: DEVICE,
        id: Message([0x51; 16]),
    };
    vec![
        ("in a thread", post(Some(to), None, text("one more thing"))),
        ("for a minute", post(None, Some(60_000), text("the door code is 4711"))),
        (
            "edit of what expires",
            post(
                None,
                Some(59_000),
                Content::Edit {
                    of: to,
                    text: "4712".into(),
                    mentions: vec![],
                },
            ),
        ),
        ("pin", Content::Pin { of: to, on: true }),
        ("unpin", Content::Pin { of: to, on: false }),
        ("poll", poll(3)),
        ("poll in a thread for an hour", post(Some(to), Some(3_600_000), poll(2))),
        (
            "vote",
            Content::Vote {
                of: to,
                choices: vec![0, 2],
            },
        ),
        (
            "vote taken back",
            Content::Vote {
                of: to,
                choices: vec![],
            },
        ),
        ("close", Content::Close { of: to }),
        (
            "marks",
            Content::Marks {
                since: None,
                marks: every_mark(),
            },
        ),
        (
            "marks said again",
            Content::Marks {
                since: Some(70_000),
                marks: vec![mark("mute", &[2; 16], Item::Bool(true), Some(69_000))],
            },
        ),
        ("presence", Content::Presence { active: true }),
    ]
}

#[test]
fn padme_lengths_are_the_frozen_ones() {
    let lengths = (0..300)
        .chain((0..17).flat_map(|power| [1usize << power, (1 << power) + 1, (3 << power) + 7]))
        .chain([131_071]);
    let padded: Vec<Value> = lengths.map(|len| json!([len, padded_len(len)])).collect();
    frozen("padme", json!({ "about": "[length, padded length]", "padded": padded }));
}

#[test]
fn content_is_the_frozen_bytes() {
    let vectors = said()
        .into_iter()
        .chain(SCRIPTS.map(|(script, words)| (script, text(words))))
        .chain(said_later());
    let content: Vec<Value> = vectors
        .map(|(name, content)| {
            let bytes = cbor::encode(&content.to_item());
            json!({ "name": name, "kind": content.kind().map(|kind| kind as u8), "content": hex(&bytes), "hash": hex(sha256(&[&bytes])) })
        })
        .collect();
    let unknown = hex(cbor::encode(&cbor!["poll", "lunch?", cbor!["yes", "no"]]));
    let malformed: Vec<String> = [
        cbor!["text", "two fields", Item::Null],
        cbor!["text", "\u{1b}[31mred", Item::Null, Item::Array(vec![])],
        cbor!["react", cbor![DEVICE, ID], "", true],
        cbor!["title", "two\nlines"],
        cbor![1, 2],
        cbor![],
        cbor!["post", Item::Null, Item::Null, text("nothing around it").to_item()],
        cbor![
            "post",
            Item::Null,
            60_000,
            cbor!["post", Item::Null, 60_000, text("twice").to_item()]
        ],
        cbor!["ballot", "one option?", cbor!["yes"], false],
        cbor!["vote", cbor![DEVICE, ID], cbor![1, 0]],
        cbor!["marks", Item::Null, cbor![cbor!["mute", [2u8; 15], true, Item::Null]]],
    ]
    .iter()
    .map(|item| {
        assert!(Content::from_item(item).is_err());
        hex(cbor::encode(item))
    })
    .collect();
    frozen(
        "content",
        json!({ "content": content, "unknown": [unknown], "malformed": malformed }),
    );
}

#[test]
fn sealed_messages_are_the_frozen_bytes() {
    let alice = alice();
    let messages: Vec<Value> = said()
        .into_iter()
        .chain(said_later())
        .enumerate()
        .map(|(n, (name, content))| {
            let (id, random) = (Message([n as u8; 16]), [0xa0 + n as u8; 32]);
            let sealed = seal(&alice.sealer(), id, &statement(&content), &random).unwrap();
            let kind = content.kind().unwrap();
            let opened = alice.open_at(&place(kind), &sealed).unwrap();
            assert_eq!(opened.content, content);
            json!({
                "name": name, "id": hex(id), "kind": kind as u8, "random": hex(random), "content": hex(cbor::encode(&content.to_item())),
                "salt": hex(opened.header.salt), "sealed": hex(sealed),
            })
        })
        .collect();
    let late = Sealer {
        epoch: u64::MAX,
        ..alice.sealer()
    };
    let last_epoch = seal(&late, ID, &statement(&text("the last epoch")), &RANDOM).unwrap();
    frozen(
        "messages",
        json!({
            "org": hex(ORG), "conversation": hex(CONVERSATION), "group": hex(GROUP), "epoch": EPOCH, "device": hex(DEVICE),
            "content_key": hex(alice.content_key.as_bytes()), "sig_seed": hex(alice.signer.seed()), "sig_public": hex(alice.signer.public()),
            "device_seed": hex(alice.device_seed.as_bytes()), "seen": [SEEN.n, hex(SEEN.hash)], "dir": [DIR.n, hex(DIR.hash)],
            "time_ms": TIME_MS, "messages": messages, "sealed_in_epoch_2_to_the_64_minus_1": hex(last_epoch),
        }),
    );
}

#[test]
fn history_links_are_the_frozen_bytes_whoever_makes_them() {
    let links: Vec<Value> = [1u64, 2, 23, 24, 300, u64::MAX]
        .into_iter()
        .map(|epoch| {
            let (c, tree, h) = ([0x11; 32], sha256(&[&epoch.to_be_bytes()]), [0x12; 32]);
            let history_key = [0x13; 32];
            let make = || {
                let (c, h) = (ContentKey::from_bytes(c), HistoryKey::from_bytes(h));
                make_link(&HistoryKey::from_bytes(history_key), GROUP, epoch, &c, &tree, &h).unwrap()
            };
            let (alices, bobs) = (make(), make());
            assert_eq!(alices, bobs);
            assert!(open_link(&HistoryKey::from_bytes(history_key), GROUP, epoch, &alices).is_ok());
            json!({
                "epoch": epoch, "history_key": hex(history_key), "previous_content_key": hex(c), "previous_tree_hash": hex(tree),
                "previous_history_key": hex(h), "alices": hex(alices), "bobs": hex(bobs),
            })
        })
        .collect();
    frozen(
        "links",
        json!({ "group": hex(GROUP), "links": links, "segment": segment_vector() }),
    );
}

fn segment_vector() -> Value {
    let place = LinkPlace {
        group: GROUP,
        epoch: 9,
        first: 6,
        seg: true,
    };
    let past = (6..9u8).map(|i| PastEpoch {
        epoch: i.into(),
        content_key: ContentKey::from_bytes([i; 32]),
        tree_hash: [0x80 + i; 32],
    });
    let link = HistoryLink::Segment(past.collect())
        .seal(&HistoryKey::from_bytes([0x14; 32]), &place)
        .unwrap();
    let list: Vec<Value> = (6..9u8)
        .map(|i| json!([i, hex([i; 32]), hex([0x80 + i; 32])]))
        .collect();
    json!({ "epoch": 9, "first": 6, "history_key": hex([0x14; 32]), "list": list, "link": hex(link) })
}

#[test]
fn recovery_keys_read_and_derive_as_frozen() {
    let keys = [[0; 16], [0xff; 16], *b"sixteen bytes ok", [0x42; 16]];
    let keys: Vec<Value> = keys
        .into_iter()
        .map(|random| {
            let key = RecoveryKey::from_random(random);
            let paper = key.paper_device(&crypto(), ORG).unwrap();
            json!({
                "key": hex(random), "text": key.to_text().as_str(), "org": hex(ORG), "sign_public": hex(paper.sign.public()),
                "sign_seed": hex(paper.sign.seed()), "xwing_public": hex(paper.seal_public), "id": hex(paper.id()),
            })
        })
        .collect();
    let zeros = RecoveryKey::from_random([0; 16]).to_text();
    let typed = [zeros.to_lowercase(), zeros.replace('0', "o"), zeros.replace('-', " ")];
    typed
        .iter()
        .for_each(|typed| assert_eq!(RecoveryKey::from_text(typed).unwrap().as_bytes(), &[0; 16]));
    let refused: Vec<Value> = [
        zeros.replacen('0', "1", 1),
        zeros[1..].to_owned(),
        zeros.replacen('0', "U", 1),
    ]
    .into_iter()
    .map(|typed| {
        let error: RecoveryTextError = RecoveryKey::from_text(&typed).unwrap_err();
        json!({ "typed": typed, "refusal": error.code() })
    })
    .collect();
    frozen(
        "recovery",
        json!({ "keys": keys, "zeros_typed_otherwise": typed, "refused": refused }),
    );
}

#[test]
fn safety_numbers_are_the_frozen_digits() {
    let (alice, bob) = ([[1; 32], [2; 32], [3; 32]], [[4; 32]]);
    let number = safety_number(ORG, &alice, &bob);
    assert_eq!(number, safety_number(ORG, &bob, &alice));
    frozen(
        "safety",
        json!({ "org": hex(ORG), "alice": alice.map(hex), "bob": bob.map(hex), "number": number }),
    );
}

/// The first version had one box, for the recovery key. It is no longer written and opens for ever.
#[test]
fn the_frozen_vault_and_row_of_the_first_version_still_open() {
    let (signer, recovery) = (KeyPair::from_seed([0x0b; 32]), [0x42; 16]);
    let paper = RecoveryKey::from_random(recovery).paper_device(&crypto(), ORG).unwrap();
    opens("vault", &signer, &paper);
}

/// HPKE draws its own randomness, so these are read only.
#[test]
fn the_frozen_vault_and_row_still_open_for_the_recovery_key_and_for_a_passkey() {
    let (signer, recovery, prf) = (KeyPair::from_seed([0x0b; 32]), [0x42; 16], [0x43; 32]);
    let paper = RecoveryKey::from_random(recovery).paper_device(&crypto(), ORG).unwrap();
    let passkey = PasskeySecret::from_prf(prf).paper_device(&crypto(), ORG).unwrap();
    if is_writing() {
        let papers = [paper.public(), passkey.public()];
        let vault = Vault::seal(&crypto(), &writer(&signer, &papers), 3, &contents()).unwrap();
        let row = VaultRow::seal(&crypto(), &writer(&signer, &papers), ROW, &row_contents()).unwrap();
        write(
            "vault-2",
            &json!({
                "about": "for opening only: HPKE draws its own randomness",
                "org": hex(ORG), "user": hex(USER), "device": hex(DEVICE), "sig_public": hex(signer.public()),
                "recovery_key": hex(recovery), "passkey_secret": hex(prf), "passkey_id": hex(passkey.id()),
                "vault": { "version": 3, "hash": hex(sha256(&[&vault])), "sealed": hex(vault) },
                "row": { "conversation": hex(ROW.conversation), "group": hex(ROW.group), "epoch": ROW.epoch, "sealed": hex(row) },
            }),
        );
    }
    let frozen: Value = serde_json::from_str(&read("vault-2")).expect("JSON");
    assert_eq!(frozen["passkey_id"], hex(passkey.id()));
    opens("vault-2", &signer, &paper);
    opens("vault-2", &signer, &passkey);
}

fn opens(name: &str, signer: &KeyPair, paper: &PaperDevice) {
    let frozen: Value = serde_json::from_str(&read(name)).expect("JSON");
    let sealed = unhex(&frozen["vault"]["sealed"]);
    let hash = unhex(&frozen["vault"]["hash"]).try_into().expect("a hash");
    let vault = Vault::decode(&sealed, 3, &hash).unwrap();
    assert_eq!(vault.open(&crypto(), ORG, USER, signer.public(), paper), Ok(contents()));
    let row = VaultRow::decode(&unhex(&frozen["row"]["sealed"])).unwrap();
    assert_eq!(row.device, Device::from_slice(&unhex(&frozen["device"])).unwrap());
    assert_eq!(
        row.open(&crypto(), ORG, USER, signer.public(), paper),
        Ok(row_contents())
    );
}

#[test]
fn open_channels_are_the_frozen_bytes() {
    let (owner, moderator) = (User([0x55; 32]), User([0x56; 32]));
    let settings = |open, announcement| Settings {
        version: 7,
        roles: vec![
            (owner, ConversationRole::Owner),
            (moderator, ConversationRole::Moderator),
        ],
        who_may_add: WhoMayAdd::Moderator,
        open,
        announcement,
        ..Settings::new(ConversationKind::Channel, owner)
    };
    let settings: Vec<Value> = [(false, false), (true, false), (true, true)]
        .map(|(open, announcement)| {
            let bytes = settings(open, announcement).encode();
            assert_eq!(Settings::decode(&bytes), Ok(settings(open, announcement)));
            json!({ "open": open, "announcement": announcement, "settings": hex(bytes) })
        })
        .to_vec();
    let closed = Content::ChannelClosed {
        conversation: Conversation([0x54; 16]),
    };
    let bytes = cbor::encode(&closed.to_item());
    assert_eq!(Content::from_item(&cbor::decode(&bytes).unwrap()), Ok(closed));
    frozen("channels", json!({ "settings": settings, "closed": hex(bytes) }));
}
