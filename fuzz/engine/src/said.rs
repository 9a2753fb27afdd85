//! A member that says anything: rightly sealed with the conversation's key and signed with its own, whatever stands inside.
//!
//! Only here does a fuzzer get behind commitment, AEAD, padding and signature. Beside messages: history links under the right key, complaints, and
//! entries of the directory by an owner.

use std::cell::RefCell;

use inmost_core::aead;
use inmost_core::frames::{self, Told};
use inmost_core::keys::{ContentKey, HistoryKey};
use inmost_core::link::{HistoryLink, LinkPlace};
use inmost_core::pack::Value;
use inmost_core::padme;
use inmost_core::signature::dev_sign;
use inmost_public::cbor::{self, Item};
use inmost_public::directory::{Draft, Payload, Role};
use inmost_public::ids::{sha256, Device, Head};
use inmost_public::log;
use inmost_public::sign::KeyPair;

use crate::script::{self, to_item, Script};
use crate::story::{Moment, Story};

const MESSAGE: u8 = 1;
const RECEIPT: u8 = 2;
const EPHEMERAL: u8 = 3;
const LOG_MESSAGE: u8 = 4;
/// What is no sealed message: an entry of the log of this kind, or one of the directory.
const LINK: u8 = log::Kind::Link as u8;
const COMPLAINT: u8 = log::Kind::Complaint as u8;
const ENTRY: u8 = 0x80;

pub struct Said {
    story: RefCell<Story>,
    bodies: Vec<(u8, Value)>,
    parts: Vec<Value>,
    device: Device,
    signer: KeyPair,
    key: ContentKey,
}

/// What the bytes say of one message: its body, and what around the body is not as it should be.
struct Saying {
    body: Vec<u8>,
    header: Vec<u8>,
    padding: u8,
    signature: u8,
}

impl Said {
    pub fn new() -> Self {
        let story = Story::new();
        let (device, signer) = story.bob();
        let key = ContentKey::from_bytes(story.content_key());
        let (seen, dir) = (head(story.log_head()), head(story.head()));
        let of = Value::Array(vec![Value::Bytes(device.0.to_vec()), Value::Bytes(vec![7; 16])]);
        let users: Vec<Value> = (0..4).map(|who| Value::Bytes(story.user(who).0.to_vec())).collect();
        let text = |text: &str| Value::Text(text.into());
        let contents = [
            (
                MESSAGE,
                vec![text("text"), text("Hello, *world*!"), of.clone(), Value::Array(users)],
            ),
            (
                MESSAGE,
                vec![text("text"), text("Friday?"), Value::Nil, Value::Array(vec![])],
            ),
            (
                MESSAGE,
                vec![text("edit"), of.clone(), text("better"), Value::Array(vec![])],
            ),
            (MESSAGE, vec![text("delete"), of.clone()]),
            (MESSAGE, vec![text("react"), of.clone(), text("👍"), Value::Bool(true)]),
            (MESSAGE, vec![text("title"), text("plans")]),
            (MESSAGE, vec![text("topic"), text("of Friday")]),
            (
                MESSAGE,
                vec![text("channel"), Value::Bytes(vec![9; 16]), text("open"), text("to all")],
            ),
            (MESSAGE, vec![text("poll"), text("of a later version")]),
            (RECEIPT, vec![text("receipt"), Value::Uint(3)]),
            (EPHEMERAL, vec![text("typing"), Value::Bool(true)]),
            (EPHEMERAL, vec![text("presence"), Value::Bool(false)]),
            (
                MESSAGE,
                vec![
                    text("post"),
                    of.clone(),
                    Value::Uint(1_000),
                    Value::Array(vec![text("text"), text("hi"), Value::Nil, Value::Array(vec![])]),
                ],
            ),
            (MESSAGE, vec![text("pin"), of.clone(), Value::Bool(true)]),
            (
                MESSAGE,
                vec![
                    text("ballot"),
                    text("when?"),
                    Value::Array(vec![text("now"), text("later")]),
                    Value::Bool(true),
                ],
            ),
            (
                MESSAGE,
                vec![text("vote"), of.clone(), Value::Array(vec![Value::Uint(1)])],
            ),
            (MESSAGE, vec![text("close"), of.clone()]),
        ];
        let time = Value::Uint(story.now());
        let mut bodies: Vec<(u8, Value)> = contents
            .into_iter()
            .map(|(kind, content)| {
                (
                    kind,
                    Value::Array(vec![Value::Array(content), seen.clone(), dir.clone(), time.clone()]),
                )
            })
            .collect();
        bodies.extend(links(&story));
        bodies.push((
            COMPLAINT,
            Value::Array(vec![
                Value::Uint(story.room().group.epoch()),
                Value::Uint(3),
                text("does not open"),
            ]),
        ));
        bodies.extend(entries(&story));
        let mut parts = vec![];
        bodies.iter().for_each(|(_, body)| script::parts(body, &mut parts));
        Said {
            story: RefCell::new(story),
            bodies,
            parts,
            device,
            signer,
            key,
        }
    }

    /// Which body, how many bytes edit it, the edits; then what else is wrong: header, padding, signature.
    pub fn run(&self, bytes: &[u8]) {
        let mut script = Script::new(bytes);
        let (kind, mut body) = self.bodies[script.below(self.bodies.len())].clone();
        let len = usize::from(script.byte());
        let mut edits = Script::new(script.take(len));
        while !edits.is_over() {
            edits.edit(&mut body, &self.parts);
        }
        let mut story = self.story.borrow_mut();
        let told = match kind {
            LINK => self.link(&story, &body),
            COMPLAINT => self.complaint(&story, &body),
            ENTRY => self.entry(&story, &body),
            _ => self.message(&story, kind, &body, &mut script),
        };
        let mut device = story.device(Moment::Present);
        story.settle(&mut device, |_, _| {});
        device.told(&told.encode());
        story.settle(&mut device, |_, _| {});
        // A wrong link is put right after a while.
        device.tick(if kind == LINK { 60_000 } else { 1 });
        device.asks_nothing_more();
    }

    /// Padding, signature and header may be wrong, too.
    fn message(&self, story: &Story, kind: u8, body: &Value, script: &mut Script<'_>) -> Told {
        let (padding, signature) = (script.byte(), script.byte());
        let saying = Saying {
            body: cbor::encode(&to_item(body)),
            header: self.header(story, kind, script),
            padding,
            signature,
        };
        let sealed = self.sealed(story, &saying);
        let (conversation, device) = (story.conversation, self.device);
        match kind {
            RECEIPT => frames::Receipt {
                conversation,
                device,
                sealed,
            }
            .into(),
            EPHEMERAL => frames::Signalled {
                conversation,
                device,
                sealed,
            }
            .into(),
            _ => item(story, LOG_MESSAGE, sealed),
        }
    }

    /// `[epoch, content key, tree hash, history key]`, sealed with the key of that epoch and signed; anything else stands as it is.
    fn link(&self, story: &Story, body: &Value) -> Told {
        let group = story.room().group.group();
        let fields = body.list().unwrap_or_default();
        let epoch = fields.first().and_then(|epoch| epoch.uint().ok()).unwrap_or(0);
        let key = |at: usize| -> Option<[u8; 32]> { fields.get(at)?.bytes().ok()?.try_into().ok() };
        let sealed = || {
            let link = HistoryLink::Previous {
                content_key: ContentKey::from_bytes(key(1)?),
                tree_hash: key(2)?,
                history_key: HistoryKey::from_bytes(key(3)?),
            };
            let [_, _, history] = story.keys(epoch)?;
            link.seal(&HistoryKey::from_bytes(history), &LinkPlace::within(group, epoch))
                .ok()
        };
        let link = sealed().unwrap_or_else(|| cbor::encode(&to_item(body)));
        let link = log::Link::sign(
            &self.signer,
            story.org(),
            story.conversation,
            group,
            epoch,
            link,
            self.device,
        );
        item(story, LINK, link.encode())
    }

    /// `[epoch, n, reason]`
    fn complaint(&self, story: &Story, body: &Value) -> Told {
        let fields = body.list().unwrap_or_default();
        let number = |at: usize| fields.get(at).and_then(|field| field.uint().ok()).unwrap_or(0);
        let complaint = log::Complaint::sign(
            &self.signer,
            story.org(),
            story.conversation,
            story.room().group.group(),
            number(0),
            number(1),
            fields.get(2).and_then(|field| field.text().ok()).unwrap_or_default(),
            self.device,
        );
        item(story, COMPLAINT, complaint.encode())
    }

    /// The body of an entry, signed.
    fn entry(&self, story: &Story, body: &Value) -> Told {
        let body = cbor::encode(&to_item(body));
        let signature = inmost_public::sign::dev_sign(&self.signer, "entry", story.org(), Item::from(&body[..]));
        let signatures = Item::Array(vec![inmost_public::cbor![self.device, signature]]);
        let entry = cbor::encode(&Item::Array(vec![body.into(), signatures]));
        let n = story.head().n + 1;
        frames::DirectoryItem { n, entry }.into()
    }

    fn header(&self, story: &Story, kind: u8, script: &mut Script<'_>) -> Vec<u8> {
        let room = &story.room().group;
        let header = inmost_public::cbor![
            1,
            room.conversation(),
            room.group(),
            room.epoch(),
            self.device,
            [6u8; 16],
            [7u8; 16],
            kind
        ];
        let mut header = script::to_value(&header);
        while !script.is_over() {
            script.edit(&mut header, &self.parts);
        }
        cbor::encode(&to_item(&header))
    }

    fn sealed(&self, story: &Story, saying: &Saying) -> Vec<u8> {
        let hash = sha256(&[&saying.header]);
        let keys = self.key.message_keys(&hash);
        let signed = inmost_public::cbor![hash, keys.commitment, sha256(&[&saying.body])];
        let mut signature = dev_sign(&self.signer, "message", story.org(), signed)
            .unwrap_or([0; 64])
            .to_vec();
        if saying.signature >= 250 {
            signature.truncate(usize::from(saying.signature - 250));
        }
        let mut plaintext = cbor::encode(&inmost_public::cbor![&saying.body, signature]);
        match saying.padding {
            0..=249 => padme::pad(&mut plaintext),
            250..=253 => plaintext.extend(vec![saying.padding - 250; usize::from(saying.padding)]),
            _ => {}
        }
        let aad = [&saying.header[..], &keys.commitment].concat();
        let ciphertext = aead::seal(&keys.key, &keys.nonce, &plaintext, &aad).unwrap_or_default();
        cbor::encode(&Item::Array(vec![
            1.into(),
            saying.header.clone().into(),
            keys.commitment.into(),
            ciphertext.into(),
        ]))
    }

    /// That an unchanged message gets through: without this a mistake here would fuzz nothing, and nobody would see it.
    pub fn gets_through(&self, which: u8) -> Vec<String> {
        let mut story = self.story.borrow_mut();
        let (kind, body) = self.bodies[usize::from(which) % self.bodies.len()].clone();
        let told = match kind {
            LINK => self.link(&story, &body),
            COMPLAINT => self.complaint(&story, &body),
            ENTRY => self.entry(&story, &body),
            _ => self.message(&story, kind, &body, &mut Script::new(&[])),
        };
        let mut device = story.device(Moment::Present);
        story.settle(&mut device, |_, _| {});
        device.events.clear();
        device.told(&told.encode());
        device.events.into_iter().map(|(name, _)| name).collect()
    }
}

impl Default for Said {
    fn default() -> Self {
        Self::new()
    }
}

fn head(head: Head) -> Value {
    Value::Array(vec![Value::Uint(head.n), Value::Bytes(head.hash.to_vec())])
}

fn item(story: &Story, kind: u8, entry: Vec<u8>) -> Told {
    frames::Item {
        conversation: story.conversation,
        n: story.log_head().n + 1,
        kind,
        entry,
        at_ms: story.now(),
    }
    .into()
}

/// The right link of every epoch whose keys Alice has.
fn links(story: &Story) -> Vec<(u8, Value)> {
    let last = story.room().group.epoch();
    let link = |epoch: u64| {
        let [content, tree, history] = story.keys(epoch.checked_sub(1)?)?;
        let keys = [content, tree, history].map(|key| Value::Bytes(key.to_vec()));
        let fields = std::iter::once(Value::Uint(epoch)).chain(keys);
        Some((LINK, Value::Array(fields.collect())))
    };
    (1..=last).rev().filter_map(link).take(2).collect()
}

/// What an owner may say in the directory.
fn entries(story: &Story) -> Vec<(u8, Value)> {
    let (bob, alice, dave) = (story.user(0), story.user(1), story.user(3));
    let payloads = [
        Payload::Profile { name: "Rob".into() },
        Payload::Role {
            user: alice,
            role: Role::Guest,
        },
        Payload::Suspend {
            user: alice,
            suspended: true,
        },
        Payload::Suspend {
            user: dave,
            suspended: true,
        },
        Payload::ServerKey { sig_public: [5; 32] },
        Payload::Policy {
            version: 1,
            idle_ms: Some(1_000),
            strict_recovery: true,
        },
    ];
    let body = |payload: Payload| {
        let draft = Draft {
            org: story.org(),
            author: Some(bob),
            head: Some(story.head()),
            time_ms: story.now(),
            payload,
        };
        let body = cbor::decode(&draft.body()).unwrap_or(Item::Null);
        (ENTRY, script::to_value(&body))
    };
    payloads.into_iter().map(body).collect()
}
