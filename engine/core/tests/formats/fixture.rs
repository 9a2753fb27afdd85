//! Alice's device in one conversation: fixed keys, so that every test and vector sees the same bytes.

use inmost_core::content::{Content, Kind};
use inmost_core::keys::{ContentKey, DeviceSeed};
use inmost_core::message::{open, seal, Opened, Place, Roster, Sealer, Statement};
use inmost_public::ids::{Conversation, Device, Group, Head, Message, Org};
use inmost_public::sign::KeyPair;
use inmost_public::Refusal;

pub const ORG: Org = Org([0x01; 16]);
pub const CONVERSATION: Conversation = Conversation([0x02; 16]);
pub const GROUP: Group = Group([0x03; 16]);
pub const DEVICE: Device = Device([0x04; 16]);
pub const EPOCH: u64 = 5;
pub const SEEN: Head = Head {
    n: 41,
    hash: [0x06; 32],
};
pub const DIR: Head = Head { n: 7, hash: [0x07; 32] };
pub const TIME_MS: u64 = 1_790_000_000_000;
pub const ID: Message = Message([0x08; 16]);
pub const RANDOM: [u8; 32] = [0x09; 32];

pub struct Alice {
    pub content_key: ContentKey,
    pub signer: KeyPair,
    pub device_seed: DeviceSeed,
}

pub fn alice() -> Alice {
    Alice {
        content_key: ContentKey::from_bytes([0x0a; 32]),
        signer: KeyPair::from_seed([0x0b; 32]),
        device_seed: DeviceSeed::from_bytes([0x0c; 32]),
    }
}

pub fn text(text: &str) -> Content {
    Content::Text {
        text: text.to_owned(),
        reply_to: None,
        mentions: vec![],
    }
}

pub fn statement(content: &Content) -> Statement<'_> {
    Statement {
        content,
        seen: SEEN,
        dir: DIR,
        time_ms: TIME_MS,
    }
}

pub fn place(kind: Kind) -> Place {
    Place {
        conversation: CONVERSATION,
        group: GROUP,
        epoch: None,
        device: None,
        kind,
    }
}

impl Alice {
    pub fn sealer(&self) -> Sealer<'_> {
        Sealer {
            org: ORG,
            conversation: CONVERSATION,
            group: GROUP,
            epoch: EPOCH,
            device: DEVICE,
            content_key: &self.content_key,
            signer: &self.signer,
            device_seed: &self.device_seed,
        }
    }

    pub fn seal(&self, content: &Content) -> Vec<u8> {
        seal(&self.sealer(), ID, &statement(content), &RANDOM).expect("content within the limits")
    }

    /// Opens as every other member does: Alice's device is in the roster of EPOCH, and its content key is known.
    pub fn open_at(&self, place: &Place, sealed: &[u8]) -> Result<Opened, Refusal> {
        open(
            sealed,
            ORG,
            place,
            |epoch, device| self.roster(epoch, device),
            |epoch| (epoch == EPOCH).then(|| self.content_key.clone()),
        )
    }

    pub fn open(&self, sealed: &[u8]) -> Result<Opened, Refusal> {
        self.open_at(&place(Kind::Message), sealed)
    }

    pub fn roster(&self, epoch: u64, device: Device) -> Roster {
        if (epoch, device) == (EPOCH, DEVICE) {
            Roster::Has {
                sig_public: *self.signer.public(),
            }
        } else {
            Roster::HasNot
        }
    }
}
