//! Sealed messages: seal and open (docs/protocol/messages.md). Pure: no state, no clock, randomness comes in.
//!
//! `Sealed::parse` reads a header without any key, so that a page can be sorted by epoch and its keys fetched once; `open`
//! then does the rest, in the order of the protocol. What needs the conversation's state (duplicate, seen, dir, removal
//! since) is left to the caller, with everything it takes in `Opened`.

use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::{sha256, Conversation, Device, Group, Head, Message, Org};
use inmost_public::limits::{MAX_EPHEMERAL_BYTES, MAX_SEALED_BYTES, MIN_SEALED_BYTES};
use inmost_public::sign::KeyPair;
use inmost_public::Refusal;
use subtle::ConstantTimeEq;

use crate::aead;
use crate::content::{Content, Kind};
use crate::keys::{ContentKey, DeviceSeed, MessageKeys, COMMITMENT_BYTES, SALT_BYTES};
use crate::padme;
use crate::signature::{dev_sign, dev_verify};

const VERSION: u64 = 1;

/// `hdr = CBOR[1, conversation, group, e, device, id, salt(16), kind]`: in the clear, and bound to every byte that is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub conversation: Conversation,
    pub group: Group,
    pub epoch: u64,
    pub device: Device,
    pub id: Message,
    pub salt: [u8; SALT_BYTES],
    pub kind: Kind,
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        let Header {
            conversation,
            group,
            epoch,
            device,
            id,
            salt,
            kind,
        } = self;
        cbor::encode(&cbor![
            VERSION,
            conversation,
            group,
            *epoch,
            device,
            id,
            salt,
            *kind as u8
        ])
    }

    fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(bytes)?;
        let [version, conversation, group, epoch, device, id, salt, kind] = item.array()?;
        if version.uint()? != VERSION {
            return Err(Refusal::Malformed);
        }
        Ok(Header {
            conversation: Conversation::from_item(conversation)?,
            group: Group::from_item(group)?,
            epoch: epoch.uint()?,
            device: Device::from_item(device)?,
            id: Message::from_item(id)?,
            salt: salt.fixed()?,
            kind: Kind::try_from(kind.uint()?)?,
        })
    }
}

/// Who seals where, and with what: the same for all messages a device seals in one epoch.
pub struct Sealer<'a> {
    pub org: Org,
    pub conversation: Conversation,
    pub group: Group,
    pub epoch: u64,
    pub device: Device,
    pub content_key: &'a ContentKey,
    pub signer: &'a KeyPair,
    pub device_seed: &'a DeviceSeed,
}

/// What is said, and what its author knew: the heads of the log and of the directory as far as verified.
pub struct Statement<'a> {
    pub content: &'a Content,
    pub seen: Head,
    pub dir: Head,
    pub time_ms: u64,
}

/// The sealed bytes of one message. `random` must be fresh; `id` stays the same when a message is sealed again.
///
/// Refuses content that `open` would refuse: TooLarge or Malformed; unknown content is Malformed, nobody may say what it cannot read.
pub fn seal(by: &Sealer<'_>, id: Message, say: &Statement<'_>, random: &[u8; 32]) -> Result<Vec<u8>, Refusal> {
    say.content.check()?;
    let kind = say.content.kind().ok_or(Refusal::Malformed)?;
    let content = say.content.to_item();
    let salt = by.device_seed.salt(random, &sha256(&[&cbor::encode(&content)]));
    let Sealer {
        conversation,
        group,
        epoch,
        device,
        ..
    } = *by;
    let hdr = Header {
        conversation,
        group,
        epoch,
        device,
        id,
        salt,
        kind,
    }
    .encode();
    let hdr_hash = sha256(&[&hdr]);
    let keys = by.content_key.message_keys(&hdr_hash);

    let body = cbor::encode(&cbor![content, say.seen, say.dir, say.time_ms]);
    let signature = dev_sign(by.signer, "message", by.org, signed(&hdr_hash, &keys.commitment, &body))?;
    let mut plaintext = cbor::encode(&cbor![body, signature]);
    padme::pad(&mut plaintext);
    let ciphertext = aead::seal(
        &keys.key,
        &keys.nonce,
        &plaintext,
        &associated_data(&hdr, &keys.commitment),
    )?;
    let sealed = cbor::encode(&cbor![VERSION, hdr, keys.commitment, ciphertext]);
    if is_too_large(sealed.len(), kind) {
        return Err(Refusal::TooLarge);
    }
    Ok(sealed)
}

/// Where a sealed message was found: what the server's frame says about it. None where the frame does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub conversation: Conversation,
    pub group: Group,
    pub epoch: Option<u64>,
    pub device: Option<Device>,
    /// Message in the log, Receipt among receipts, Ephemeral in a signal.
    pub kind: Kind,
}

/// Whether a device had a leaf in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roster {
    /// It had, with this signature key.
    Has {
        sig_public: [u8; 32],
    },
    HasNot,
    /// This device has not learnt that epoch's roster yet.
    NotKnownYet,
}

/// A sealed message whose outside has been read, and nothing verified.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub header: Header,
    hdr: Vec<u8>,
    commitment: [u8; COMMITMENT_BYTES],
    ciphertext: Vec<u8>,
}

/// A message that holds: by this device, for this place, with these words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub header: Header,
    pub content: Content,
    /// SHA-256 of the content's bytes: the same (device, id) with another one is equivocation.
    pub content_hash: [u8; 32],
    pub seen: Head,
    pub dir: Head,
    pub time_ms: u64,
}

impl Sealed {
    /// Reads the outside within its limits: TooLarge or Malformed.
    pub fn parse(sealed: &[u8]) -> Result<Self, Refusal> {
        if !(MIN_SEALED_BYTES..=MAX_SEALED_BYTES).contains(&sealed.len()) {
            return Err(Refusal::TooLarge);
        }
        let item = cbor::decode(sealed)?;
        let [version, hdr, commitment, ciphertext] = item.array()?;
        if version.uint()? != VERSION {
            return Err(Refusal::Malformed);
        }
        let header = Header::decode(hdr.bytes()?)?;
        if is_too_large(sealed.len(), header.kind) {
            return Err(Refusal::TooLarge);
        }
        Ok(Sealed {
            header,
            hdr: hdr.bytes()?.to_vec(),
            commitment: commitment.fixed()?,
            ciphertext: ciphertext.bytes()?.to_vec(),
        })
    }

    /// Opens it, each check in the order of messages.md: WrongPlace, NotInRoster, WaitingForHistory, Corrupt, Malformed,
    /// BadSignature, WrongKind. `roster` and `content_key` are asked at most once, only for a message in its right place.
    pub fn open(
        &self,
        org: Org,
        found: &Place,
        roster: impl FnOnce(u64, Device) -> Roster,
        content_key: impl FnOnce(u64) -> Option<ContentKey>,
    ) -> Result<Opened, Refusal> {
        self.check_place(found)?;
        let sig_public = match roster(self.header.epoch, self.header.device) {
            Roster::Has { sig_public } => sig_public,
            Roster::HasNot => return Err(Refusal::NotInRoster),
            Roster::NotKnownYet => return Err(Refusal::WaitingForHistory),
        };
        let content_key = content_key(self.header.epoch).ok_or(Refusal::WaitingForHistory)?;
        let hdr_hash = sha256(&[&self.hdr]);
        let keys = content_key.message_keys(&hdr_hash);
        let plaintext = self.decrypt(&keys)?;

        let (item, padding) = cbor::decode_prefix(&plaintext)?;
        if !padme::is_padding(plaintext.len() - padding.len(), padding) {
            return Err(Refusal::Malformed);
        }
        let [body, signature] = item.array()?;
        let (body, signature) = (body.bytes()?, signature.bytes()?);
        let body_item = cbor::decode(body)?;
        let [content, seen, dir, time_ms] = body_item.array()?;
        let (seen, dir, time_ms) = (Head::from_item(seen)?, Head::from_item(dir)?, time_ms.uint()?);
        dev_verify(
            &sig_public,
            "message",
            org,
            signed(&hdr_hash, &self.commitment, body),
            signature,
        )?;

        let content_hash = sha256(&[&cbor::encode(content)]);
        let content = Content::from_item(content)?;
        if self.header.kind != found.kind || content.kind().is_some_and(|kind| kind != self.header.kind) {
            return Err(Refusal::WrongKind);
        }
        Ok(Opened {
            header: self.header.clone(),
            content,
            content_hash,
            seen,
            dir,
            time_ms,
        })
    }

    fn check_place(&self, found: &Place) -> Result<(), Refusal> {
        let Header {
            conversation,
            group,
            epoch,
            device,
            ..
        } = self.header;
        let is_here = conversation == found.conversation
            && group == found.group
            && found.epoch.unwrap_or(epoch) == epoch
            && found.device.unwrap_or(device) == device;
        if is_here {
            Ok(())
        } else {
            Err(Refusal::WrongPlace)
        }
    }

    fn decrypt(&self, keys: &MessageKeys) -> Result<Vec<u8>, Refusal> {
        // ChaCha20-Poly1305 does not commit to its key: without this, one ciphertext could say two things in two epochs.
        if !bool::from(keys.commitment.ct_eq(&self.commitment)) {
            return Err(Refusal::Corrupt);
        }
        aead::open(
            &keys.key,
            &keys.nonce,
            &self.ciphertext,
            &associated_data(&self.hdr, &self.commitment),
        )
    }
}

/// Reads and opens in one go; for single messages.
pub fn open(
    sealed: &[u8],
    org: Org,
    found: &Place,
    roster: impl FnOnce(u64, Device) -> Roster,
    content_key: impl FnOnce(u64) -> Option<ContentKey>,
) -> Result<Opened, Refusal> {
    Sealed::parse(sealed)?.open(org, found, roster, content_key)
}

/// What the signature is over: `[SHA-256(hdr), com, SHA-256(body)]`.
fn signed(hdr_hash: &[u8; 32], commitment: &[u8; COMMITMENT_BYTES], body: &[u8]) -> Item {
    cbor![hdr_hash, commitment, sha256(&[body])]
}

fn associated_data(hdr: &[u8], commitment: &[u8; COMMITMENT_BYTES]) -> Vec<u8> {
    [hdr, commitment].concat()
}

/// Signals are relayed to everybody at once and have a tighter limit.
fn is_too_large(len: usize, kind: Kind) -> bool {
    len > if kind == Kind::Ephemeral {
        MAX_EPHEMERAL_BYTES
    } else {
        MAX_SEALED_BYTES
    }
}
