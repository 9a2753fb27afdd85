//! The log of a conversation: one hash over everything in order, and the entries it is made of (docs/protocol/conversations.md).

use crate::cbor::{self, Item};
use crate::ids::{sha256, Conversation, Device, Group, Org};
use crate::refusal::Refusal;
use crate::sign::{dev_sign, dev_verify, KeyPair};

/// What a log entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Create = 1,
    Commit = 2,
    Proposal = 3,
    Message = 4,
    Link = 5,
    Wrap = 6,
    Complaint = 7,
}

impl TryFrom<u8> for Kind {
    type Error = Refusal;
    fn try_from(n: u8) -> Result<Self, Refusal> {
        Ok(match n {
            1 => Kind::Create,
            2 => Kind::Commit,
            3 => Kind::Proposal,
            4 => Kind::Message,
            5 => Kind::Link,
            6 => Kind::Wrap,
            7 => Kind::Complaint,
            _ => return Err(Refusal::Malformed),
        })
    }
}

/// `h_{-1} = SHA-256("inmost/1 log" || conversation || group)`
pub fn log_start(conversation: Conversation, group: Group) -> [u8; 32] {
    sha256(&[b"inmost/1 log", &conversation.0, &group.0])
}

/// `h_n = SHA-256(h_{n-1} || u64(n) || u8(kind) || SHA-256(entry))`
pub fn log_next(before: &[u8; 32], n: u64, kind: u8, digest: &[u8; 32]) -> [u8; 32] {
    sha256(&[before, &n.to_be_bytes(), &[kind], digest])
}

/// What stands for an entry in the log's hash: SHA-256(entry). It outlives the entry.
pub fn digest(entry: &[u8]) -> [u8; 32] {
    sha256(&[entry])
}

/// Kind 1, n = 0: `CBOR[1, group, group_info, creator]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    pub group: Group,
    pub group_info: Vec<u8>,
    pub creator: Device,
}

impl Create {
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&crate::cbor![1, self.group, &self.group_info, self.creator])
    }

    pub fn decode(entry: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(entry)?;
        let [version, group, group_info, creator] = item.array()?;
        version_1(version)?;
        Ok(Create {
            group: Group::from_item(group)?,
            group_info: group_info.bytes()?.to_vec(),
            creator: Device::from_item(creator)?,
        })
    }
}

/// Kind 2: `CBOR[1, epoch it applies to, MLSMessage]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub epoch: u64,
    pub message: Vec<u8>,
}

impl Commit {
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&crate::cbor![1, self.epoch, &self.message])
    }

    pub fn decode(entry: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(entry)?;
        let [version, epoch, message] = item.array()?;
        version_1(version)?;
        Ok(Commit { epoch: epoch.uint()?, message: message.bytes()?.to_vec() })
    }
}

/// Why the server asks for a removal: the directory entry that revokes the device or suspends the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Directory { n: u64 },
}

/// Kind 3: `CBOR[1, epoch, MLSMessage, cause]`; cause is `["directory", n]` by the server, null for a member's self-remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub epoch: u64,
    pub message: Vec<u8>,
    pub cause: Option<Cause>,
}

impl Proposal {
    pub fn encode(&self) -> Vec<u8> {
        let cause = match self.cause {
            Some(Cause::Directory { n }) => crate::cbor!["directory", n],
            None => Item::Null,
        };
        cbor::encode(&crate::cbor![1, self.epoch, &self.message, cause])
    }

    pub fn decode(entry: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(entry)?;
        let [version, epoch, message, cause] = item.array()?;
        version_1(version)?;
        let cause = match cause {
            Item::Null => None,
            cause => {
                let [source, n] = cause.array()?;
                if source.text()? != "directory" {
                    return Err(Refusal::Malformed);
                }
                Some(Cause::Directory { n: n.uint()? })
            }
        };
        Ok(Proposal { epoch: epoch.uint()?, message: message.bytes()?.to_vec(), cause })
    }
}

/// Kind 5: `CBOR[1, epoch, link, device, DevSign("link", [conversation, group, epoch, link])]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub epoch: u64,
    pub link: Vec<u8>,
    pub device: Device,
    pub signature: [u8; 64],
}

impl Link {
    pub fn sign(
        key: &KeyPair,
        org: Org,
        conversation: Conversation,
        group: Group,
        epoch: u64,
        link: Vec<u8>,
        device: Device,
    ) -> Self {
        let signature = dev_sign(key, "link", org, crate::cbor![conversation, group, epoch, &link]);
        Link { epoch, link, device, signature }
    }

    /// Refuses with BadSignature unless `sig_public` signed it for this place.
    pub fn verify(
        &self,
        sig_public: &[u8; 32],
        org: Org,
        conversation: Conversation,
        group: Group,
    ) -> Result<(), Refusal> {
        dev_verify(sig_public, "link", org, crate::cbor![conversation, group, self.epoch, &self.link], &self.signature)
    }

    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&crate::cbor![1, self.epoch, &self.link, self.device, self.signature])
    }

    pub fn decode(entry: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(entry)?;
        let [version, epoch, link, device, signature] = item.array()?;
        version_1(version)?;
        Ok(Link {
            epoch: epoch.uint()?,
            link: link.bytes()?.to_vec(),
            device: Device::from_item(device)?,
            signature: signature.fixed()?,
        })
    }
}

/// Kind 7: `CBOR[1, epoch, n, reason, device, DevSign("complaint", [conversation, group, n, reason])]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub epoch: u64,
    pub n: u64,
    pub reason: String,
    pub device: Device,
    pub signature: [u8; 64],
}

impl Complaint {
    #[allow(clippy::too_many_arguments)] // the fields of the format, each once
    pub fn sign(
        key: &KeyPair,
        org: Org,
        conversation: Conversation,
        group: Group,
        epoch: u64,
        n: u64,
        reason: &str,
        device: Device,
    ) -> Self {
        let signature = dev_sign(key, "complaint", org, crate::cbor![conversation, group, n, reason]);
        Complaint { epoch, n, reason: reason.to_owned(), device, signature }
    }

    pub fn verify(
        &self,
        sig_public: &[u8; 32],
        org: Org,
        conversation: Conversation,
        group: Group,
    ) -> Result<(), Refusal> {
        dev_verify(
            sig_public,
            "complaint",
            org,
            crate::cbor![conversation, group, self.n, &self.reason],
            &self.signature,
        )
    }

    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&crate::cbor![1, self.epoch, self.n, &self.reason, self.device, self.signature])
    }

    pub fn decode(entry: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(entry)?;
        let [version, epoch, n, reason, device, signature] = item.array()?;
        version_1(version)?;
        Ok(Complaint {
            epoch: epoch.uint()?,
            n: n.uint()?,
            reason: reason.text()?.to_owned(),
            device: Device::from_item(device)?,
            signature: signature.fixed()?,
        })
    }
}

pub(crate) fn version_1(item: &Item) -> Result<(), Refusal> {
    if item.uint()? == 1 {
        Ok(())
    } else {
        Err(Refusal::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_decodes_to_what_was_encoded() {
        let key = KeyPair::from_seed([3; 32]);
        let (org, conversation, group, device) = (Org([1; 16]), Conversation([2; 16]), Group([3; 16]), Device([4; 16]));
        let create = Create { group, group_info: vec![9; 40], creator: device };
        assert_eq!(Create::decode(&create.encode()), Ok(create));
        let commit = Commit { epoch: 70_000, message: vec![1; 300] };
        assert_eq!(Commit::decode(&commit.encode()), Ok(commit));
        for cause in [None, Some(Cause::Directory { n: 12 })] {
            let proposal = Proposal { epoch: 1, message: vec![5], cause };
            assert_eq!(Proposal::decode(&proposal.encode()), Ok(proposal));
        }
        let link = Link::sign(&key, org, conversation, group, 5, vec![8; 90], device);
        assert_eq!(Link::decode(&link.encode()), Ok(link.clone()));
        assert_eq!(link.verify(key.public(), org, conversation, group), Ok(()));
        assert_eq!(link.verify(key.public(), org, conversation, Group([9; 16])), Err(Refusal::BadSignature));
        let complaint = Complaint::sign(&key, org, conversation, group, 5, 6, "does not process", device);
        assert_eq!(Complaint::decode(&complaint.encode()), Ok(complaint.clone()));
        assert_eq!(complaint.verify(key.public(), org, conversation, group), Ok(()));
    }

    #[test]
    fn a_deleted_entry_keeps_its_place_by_its_digest() {
        let start = log_start(Conversation([2; 16]), Group([3; 16]));
        let one = log_next(&start, 0, Kind::Create as u8, &digest(b"created"));
        let two = log_next(&one, 1, Kind::Message as u8, &digest(b"said"));
        assert_ne!(one, two);
        assert_ne!(two, log_next(&one, 1, Kind::Commit as u8, &digest(b"said")));
        assert_ne!(two, log_next(&one, 2, Kind::Message as u8, &digest(b"said")));
    }
}
