//! A member that says anything: rightly sealed with the conversation's key and signed with its own, whatever stands inside.
//!
//! Only here does a fuzzer get behind commitment, AEAD, padding and signature.

use std::cell::RefCell;

use inmost_core::aead;
use inmost_core::frames::{self, Told};
use inmost_core::keys::ContentKey;
use inmost_core::pack::Value;
use inmost_core::padme;
use inmost_core::signature::dev_sign;
use inmost_public::cbor::{self, Item};
use inmost_public::ids::{sha256, Device, Head};
use inmost_public::sign::KeyPair;

use crate::script::{self, to_item, Script};
use crate::story::{Moment, Story};

const MESSAGE: u8 = 1;
const RECEIPT: u8 = 2;
const EPHEMERAL: u8 = 3;
const LOG_MESSAGE: u8 = 4;

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
    kind: u8,
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
        ];
        let time = Value::Uint(story.now());
        let bodies: Vec<(u8, Value)> = contents
            .into_iter()
            .map(|(kind, content)| {
                (
                    kind,
                    Value::Array(vec![Value::Array(content), seen.clone(), dir.clone(), time.clone()]),
                )
            })
            .collect();
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
        let (padding, signature) = (script.byte(), script.byte());
        let mut story = self.story.borrow_mut();
        let header = self.header(&story, kind, &mut script);
        let saying = Saying {
            kind,
            body: cbor::encode(&to_item(&body)),
            header,
            padding,
            signature,
        };
        let sealed = self.sealed(&story, &saying);
        let conversation = story.conversation;
        let told = match saying.kind {
            RECEIPT => Told::from(frames::Receipt {
                conversation,
                device: self.device,
                sealed,
            }),
            EPHEMERAL => frames::Signalled {
                conversation,
                device: self.device,
                sealed,
            }
            .into(),
            _ => {
                let (n, at_ms) = (story.log_head().n + 1, story.now());
                frames::Item {
                    conversation,
                    n,
                    kind: LOG_MESSAGE,
                    entry: sealed,
                    at_ms,
                }
                .into()
            }
        };
        let mut device = story.device(Moment::Present);
        story.settle(&mut device, |_, _| {});
        device.told(&told.encode());
        device.tick(1);
        device.asks_nothing_more();
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
        let (kind, body) = &self.bodies[usize::from(which) % self.bodies.len()];
        let header = self.header(&story, *kind, &mut Script::new(&[]));
        let saying = Saying {
            kind: *kind,
            body: cbor::encode(&to_item(body)),
            header,
            padding: 0,
            signature: 0,
        };
        let sealed = self.sealed(&story, &saying);
        let conversation = story.conversation;
        let (n, at_ms) = (story.log_head().n + 1, story.now());
        let mut device = story.device(Moment::Present);
        story.settle(&mut device, |_, _| {});
        device.events.clear();
        device.told(
            &Told::from(frames::Item {
                conversation,
                n,
                kind: LOG_MESSAGE,
                entry: sealed,
                at_ms,
            })
            .encode(),
        );
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
