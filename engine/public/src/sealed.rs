//! The outside of a sealed message: what a server may check before it takes one (docs/protocol/messages.md).

use crate::cbor;
use crate::ids::{Conversation, Device, Group, Message};
use crate::limits::{MAX_SEALED_BYTES, MIN_SEALED_BYTES};
use crate::refusal::Refusal;

/// `CBOR[1, conversation, group, e, device, id, salt(16), kind]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub conversation: Conversation,
    pub group: Group,
    pub epoch: u64,
    pub device: Device,
    pub id: Message,
    pub salt: [u8; 16],
    pub kind: u8,
}

impl Header {
    pub fn encode(&self) -> Vec<u8> {
        let Header { conversation, group, epoch, device, id, salt, kind } = *self;
        cbor::encode(&crate::cbor![1, conversation, group, epoch, device, id, salt, kind])
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(bytes)?;
        let [version, conversation, group, epoch, device, id, salt, kind] = item.array()?;
        crate::log::version_1(version)?;
        Ok(Header {
            conversation: Conversation::from_item(conversation)?,
            group: Group::from_item(group)?,
            epoch: epoch.uint()?,
            device: Device::from_item(device)?,
            id: Message::from_item(id)?,
            salt: salt.fixed()?,
            kind: u8::try_from(kind.uint()?).map_err(|_| Refusal::Malformed)?,
        })
    }
}

/// `sealed = CBOR[1, hdr, com (32), ct]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub header: Header,
    /// The header's bytes, as they are hashed.
    pub header_bytes: Vec<u8>,
    pub commitment: [u8; 32],
    pub ciphertext: Vec<u8>,
}

impl Sealed {
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&crate::cbor![1, &self.header_bytes, self.commitment, &self.ciphertext])
    }

    /// Refused with TooLarge, Malformed.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        if !(MIN_SEALED_BYTES..=MAX_SEALED_BYTES).contains(&bytes.len()) {
            return Err(Refusal::TooLarge);
        }
        let item = cbor::decode(bytes)?;
        let [version, header, commitment, ciphertext] = item.array()?;
        crate::log::version_1(version)?;
        let header_bytes = header.bytes()?.to_vec();
        Ok(Sealed {
            header: Header::decode(&header_bytes)?,
            header_bytes,
            commitment: commitment.fixed()?,
            ciphertext: ciphertext.bytes()?.to_vec(),
        })
    }
}

/// The message id of a sealed message whose header names exactly this place.
pub fn check_sealed(
    bytes: &[u8],
    conversation: Conversation,
    group: Group,
    epoch: u64,
    device: Device,
    kind: u8,
) -> Result<Message, Refusal> {
    let header = Sealed::decode(bytes)?.header;
    if (header.conversation, header.group, header.epoch, header.device) != (conversation, group, epoch, device) {
        return Err(Refusal::WrongPlace);
    }
    if header.kind != kind {
        return Err(Refusal::WrongKind);
    }
    Ok(header.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_message_is_taken_only_where_its_header_says() {
        let header = Header {
            conversation: Conversation([1; 16]),
            group: Group([2; 16]),
            epoch: 3,
            device: Device([4; 16]),
            id: Message([5; 16]),
            salt: [6; 16],
            kind: 1,
        };
        let sealed = Sealed { header, header_bytes: header.encode(), commitment: [7; 32], ciphertext: vec![8; 64] };
        let bytes = sealed.encode();
        assert_eq!(Sealed::decode(&bytes), Ok(sealed));
        let check = |conversation, group, epoch, device, kind| {
            check_sealed(
                &bytes,
                Conversation([conversation; 16]),
                Group([group; 16]),
                epoch,
                Device([device; 16]),
                kind,
            )
        };
        assert_eq!(check(1, 2, 3, 4, 1), Ok(Message([5; 16])));
        for refused in [check(9, 2, 3, 4, 1), check(1, 9, 3, 4, 1), check(1, 2, 9, 4, 1), check(1, 2, 3, 9, 1)] {
            assert_eq!(refused, Err(Refusal::WrongPlace));
        }
        assert_eq!(check(1, 2, 3, 4, 2), Err(Refusal::WrongKind));
        let place = (header.conversation, header.group, header.device);
        let check = |bytes: &[u8]| check_sealed(bytes, place.0, place.1, 3, place.2, 1);
        assert_eq!(check(&bytes[..MIN_SEALED_BYTES - 1]), Err(Refusal::TooLarge));
        assert_eq!(check(&vec![0; MAX_SEALED_BYTES + 1]), Err(Refusal::TooLarge));
        assert_eq!(check(&bytes[..bytes.len() - 1]), Err(Refusal::Malformed));
    }
}
