//! Any bytes as anything that has a format of ours: what reads is written back as the same bytes; nothing panics.

use inmost_core::content::Content;
use inmost_core::frames::{Request, Told};
use inmost_core::input::Input;
use inmost_core::message::Sealed;
use inmost_core::pack::{self, Value};
use inmost_core::padme;
use inmost_core::vault::{Vault, VaultRow};
use inmost_public::cbor;
use inmost_public::commit::{CommitAad, GroupFacts};
use inmost_public::credential::Identity;
use inmost_public::directory::{Directory, Entry};
use inmost_public::ids::{sha256, Conversation, Device, Group, Message};
use inmost_public::log;
use inmost_public::sealed;
use inmost_public::settings::Settings;

use crate::script::{self, to_item, Script};

/// The frozen vectors: every byte string of theirs is a valid something.
const VECTORS: [&str; 8] = [
    include_str!("../../../protocol/vectors/v1/content.json"),
    include_str!("../../../protocol/vectors/v1/directory.json"),
    include_str!("../../../protocol/vectors/v1/group.json"),
    include_str!("../../../protocol/vectors/v1/links.json"),
    include_str!("../../../protocol/vectors/v1/messages.json"),
    include_str!("../../../protocol/vectors/v1/public.json"),
    include_str!("../../../protocol/vectors/v1/vault.json"),
    include_str!("../../../protocol/vectors/v1/frames.json"),
];
/// A vector larger than this teaches nothing that a smaller one does not.
const MOST_VECTOR_BYTES: usize = 4_096;

/// Which way the bytes are to be read.
const RAW: u8 = 128;

pub struct Formats {
    /// CBOR arrays, and MessagePack arrays (`is_frame`).
    vectors: Vec<(Value, bool)>,
    parts: Vec<Value>,
}

impl Formats {
    pub fn new() -> Self {
        let mut vectors: Vec<(Value, bool)> = Vec::new();
        for text in VECTORS {
            let is_frames = std::ptr::eq(text, VECTORS[VECTORS.len() - 1]);
            for bytes in text.split('"').filter_map(from_hex) {
                let value = if is_frames {
                    pack::decode(&bytes).ok()
                } else {
                    cbor::decode(&bytes).ok().map(|item| script::to_value(&item))
                };
                match value {
                    Some(value @ Value::Array(_)) if !vectors.iter().any(|(known, _)| *known == value) => {
                        vectors.push((value, is_frames));
                    }
                    _ => {}
                }
            }
        }
        let (settings, facts) = (settings(), GroupFacts::default());
        for bytes in [settings.encode(), facts.encode(), directory().snapshot()] {
            vectors.extend(cbor::decode(&bytes).ok().map(|item| (script::to_value(&item), false)));
        }
        let mut parts = Vec::new();
        vectors.iter().for_each(|(value, _)| script::parts(value, &mut parts));
        parts.dedup();
        Formats { vectors, parts }
    }

    /// The first byte says: raw bytes follow, or a vector to take and edits of it.
    pub fn run(&self, bytes: &[u8]) {
        let mut script = Script::new(bytes);
        if script.byte() < RAW {
            read_everything(script.rest());
            return;
        }
        let (mut value, is_frame) = self.vectors[script.place(self.vectors.len())].clone();
        while !script.is_over() {
            script.edit(&mut value, &self.parts);
        }
        if is_frame {
            read_everything(&pack::encode(&value));
        } else {
            read_everything(&cbor::encode(&to_item(&value)));
        }
    }
}

impl Default for Formats {
    fn default() -> Self {
        Self::new()
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let is_hex = text.len() >= 4 && text.len().is_multiple_of(2) && text.len() <= 2 * MOST_VECTOR_BYTES;
    if !is_hex || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

fn settings() -> Settings {
    use inmost_public::ids::User;
    use inmost_public::settings::{ConversationKind, ConversationRole};
    let mut settings = Settings::new(ConversationKind::Group, User([1; 32]));
    settings.roles.push((User([2; 32]), ConversationRole::Moderator));
    settings.away = vec![User([3; 32]), User([4; 32])];
    settings.retention_ms = Some(86_400_000);
    settings
}

fn directory() -> Directory {
    crate::entries::Organisation::new().directory
}

/// Written back as the bytes that were read, or refused.
fn again<T, E>(read: Result<T, E>, bytes: &[u8], write: impl FnOnce(&T) -> Vec<u8>) {
    if let Ok(read) = read {
        assert_eq!(write(&read), bytes, "what reads has one form");
    }
}

/// Every decoder on the same bytes.
pub fn read_everything(bytes: &[u8]) {
    again(cbor::decode(bytes), bytes, cbor::encode);
    if let Ok((item, rest)) = cbor::decode_prefix(bytes) {
        assert_eq!(cbor::encode(&item), bytes[..bytes.len() - rest.len()]);
        let _ = padme::is_padding(bytes.len() - rest.len(), rest);
        again(
            Content::from_item(&item),
            &bytes[..bytes.len() - rest.len()],
            |content| cbor::encode(&content.to_item()),
        );
    }
    again(Settings::decode(bytes), bytes, Settings::encode);
    again(Identity::decode(bytes), bytes, Identity::encode);
    again(CommitAad::decode(bytes), bytes, CommitAad::encode);
    again(GroupFacts::decode(bytes), bytes, GroupFacts::encode);
    again(log::Create::decode(bytes), bytes, log::Create::encode);
    again(log::Commit::decode(bytes), bytes, log::Commit::encode);
    again(log::Proposal::decode(bytes), bytes, log::Proposal::encode);
    again(log::Link::decode(bytes), bytes, log::Link::encode);
    again(log::Complaint::decode(bytes), bytes, log::Complaint::encode);
    again(sealed::Sealed::decode(bytes), bytes, sealed::Sealed::encode);
    again(Directory::from_snapshot(bytes), bytes, Directory::snapshot);
    let _ = log::Kind::try_from(bytes.len() as u8);
    if let Ok(entry) = Entry::decode(bytes) {
        let body = entry.draft.body();
        assert!(
            bytes.windows(body.len()).any(|window| window == body),
            "a body has one form"
        );
    }
    if let Ok(sealed) = Sealed::parse(bytes) {
        let header = sealed.header;
        let place = (header.conversation, header.group, header.epoch, header.device);
        let checked = sealed::check_sealed(bytes, place.0, place.1, place.2, place.3, header.kind as u8);
        assert_eq!(checked, Ok(header.id), "what a member opens, the server takes");
    }
    let elsewhere = (Conversation([0; 16]), Group([0; 16]), Device([0; 16]));
    let taken = sealed::check_sealed(bytes, elsewhere.0, elsewhere.1, 0, elsewhere.2, 1);
    assert_ne!(taken, Ok(Message([0xff; 16])));
    let _ = VaultRow::decode(bytes);
    let _ = Vault::decode(bytes, 0, &sha256(&[bytes]));
    let _ = Vault::decode(bytes, 1, &sha256(&[bytes]));
    read_packed(bytes);
}

/// MessagePack: a sender may write a value longer than it must, so only what we wrote ourselves has one form.
fn read_packed(bytes: &[u8]) {
    if let Ok(value) = pack::decode(bytes) {
        assert_eq!(pack::decode(&pack::encode(&value)), Ok(value));
    }
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(Request::decode(&request.encode()), Ok(request));
    }
    if let Ok(told) = Told::decode(bytes) {
        assert_eq!(Told::decode(&told.encode()), Ok(told));
    }
    if let Ok(input) = Input::decode(bytes) {
        assert!(Input::decode(&input.encode()).is_ok());
    }
}
