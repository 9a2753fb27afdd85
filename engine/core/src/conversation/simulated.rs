//! Rosters of epochs before this device's time, read from the commits in the log (they are in the clear, RFC 9420 section 6.2).
//!
//! Signatures are not verified here: the log's hash, which members attest in every message, stands for these bytes, and
//! the roster they lead to must be the one of the tree this device joined.

use inmost_public::cbor;
use inmost_public::commit::CommitAad;
use inmost_public::credential::SETTINGS_EXTENSION;
use inmost_public::ids::Device;
use inmost_public::log::{Create, Kind, Proposal};
use inmost_public::settings::Settings;
use inmost_public::Refusal;
use openmls::prelude::tls_codec::Deserialize as _;
use openmls::prelude::{MlsMessageBodyIn, MlsMessageIn};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::roster_history::EpochChange;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulated {
    pub leaves: Vec<Option<Device>>,
    pub epoch: u64,
    pub next_n: u64,
    pub hash: [u8; 32],
    /// Leaves whose removal was proposed in this epoch.
    pending: Vec<u32>,
    /// As the last commit that changed them left them.
    #[serde(default)]
    pub settings: Option<ByteBuf>,
}

/// What a commit or proposal does, as far as rosters go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    pub epoch: u64,
    /// The sender's leaf; None for an external commit or the server.
    pub sender: Option<u32>,
    pub adds: Vec<Device>,
    pub removes: Vec<u32>,
    pub references: usize,
    pub self_remove: bool,
    /// The settings extension of a GroupContextExtensions proposal.
    pub settings: Option<Vec<u8>>,
    /// The device in the leaf of the update path.
    pub path_device: Option<Device>,
    pub is_external_commit: bool,
}

impl Simulated {
    pub fn start(hash: [u8; 32]) -> Self {
        Simulated {
            hash,
            ..Default::default()
        }
    }

    /// Take the next entry that is not a message; what it changed if it led to a new epoch.
    pub fn take(&mut self, n: u64, kind: Kind, entry: &[u8]) -> Result<Option<(u64, EpochChange)>, Refusal> {
        match kind {
            Kind::Create => {
                let create = Create::decode(entry)?;
                self.leaves = vec![Some(create.creator)];
                self.settings = Some(settings_of(&create.group_info)?.into());
                Ok(Some((
                    0,
                    EpochChange {
                        n,
                        committer: Some(create.creator),
                        joined: vec![create.creator],
                        left: vec![],
                        is_start: true,
                        settings: self.settings.clone(),
                        dir_n: 0,
                    },
                )))
            }
            Kind::Proposal => {
                let proposal = Handshake::read(&Proposal::decode(entry)?.message)?;
                match (proposal.self_remove, proposal.sender) {
                    (true, Some(sender)) => self.pending.push(sender),
                    _ => self.pending.extend(proposal.removes),
                }
                Ok(None)
            }
            Kind::Commit => {
                let message = inmost_public::log::Commit::decode(entry)?.message;
                let aad = CommitAad::decode(&authenticated_data(&message)?)?;
                self.commit(n, &Handshake::read(&message)?, aad.dir.n).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn commit(&mut self, n: u64, commit: &Handshake, dir_n: u64) -> Result<(u64, EpochChange), Refusal> {
        if commit.epoch != self.epoch {
            return Err(Refusal::Malformed);
        }
        let committer_before = commit
            .sender
            .and_then(|leaf| self.leaves.get(leaf as usize).copied().flatten());
        let mut removes = commit.removes.clone();
        if commit.references > 0 {
            // commit_allowed: a member's commit leaves out no pending removal but its own.
            removes.extend(self.pending.iter().copied().filter(|leaf| Some(*leaf) != commit.sender));
        }
        let mut change = EpochChange {
            n,
            committer: committer_before.or(commit.path_device),
            joined: vec![],
            left: vec![],
            is_start: false,
            settings: commit.settings.clone().map(ByteBuf::from),
            dir_n,
        };
        if change.settings.is_some() {
            self.settings.clone_from(&change.settings);
        }
        for leaf in removes {
            if let Some(device) = self.leaves.get_mut(leaf as usize).and_then(Option::take) {
                change.left.push(device);
            }
        }
        for device in &commit.adds {
            self.place(*device);
            change.joined.push(*device);
        }
        if commit.is_external_commit {
            let device = commit.path_device.ok_or(Refusal::Malformed)?;
            self.place(device);
            // A device that replaces its own leaf neither left nor came.
            if let Some(at) = change.left.iter().position(|left| *left == device) {
                change.left.remove(at);
            } else {
                change.joined.push(device);
            }
        }
        self.pending.clear();
        self.epoch += 1;
        Ok((self.epoch, change))
    }

    /// The leftmost free leaf (RFC 9420 section 7.7).
    fn place(&mut self, device: Device) {
        match self.leaves.iter_mut().find(|leaf| leaf.is_none()) {
            Some(leaf) => *leaf = Some(device),
            None => self.leaves.push(Some(device)),
        }
    }
}

impl Handshake {
    /// Reads an MLSMessage with a PublicMessage in it (RFC 9420 section 6).
    pub fn read(message: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader { rest: message };
        let (version, wire_format) = (reader.number(2)?, reader.number(2)?);
        if (version, wire_format) != (1, 1) {
            return Err(Refusal::Malformed);
        }
        reader.vector()?; // group id
        let mut handshake = Handshake {
            epoch: reader.number(8)?,
            ..Default::default()
        };
        match reader.number(1)? {
            1 => handshake.sender = Some(reader.number(4)? as u32),
            2 => {
                reader.number(4)?;
            }
            4 => handshake.is_external_commit = true,
            _ => return Err(Refusal::Malformed),
        }
        reader.vector()?; // authenticated data
        match reader.number(1)? {
            2 => handshake.proposal(&mut reader)?,
            3 => {
                let mut proposals = Reader { rest: reader.vector()? };
                while !proposals.rest.is_empty() {
                    match proposals.number(1)? {
                        1 => handshake.proposal(&mut proposals)?,
                        2 => {
                            proposals.vector()?;
                            handshake.references += 1;
                        }
                        _ => return Err(Refusal::Malformed),
                    }
                }
                if reader.number(1)? == 1 {
                    handshake.path_device = Some(reader.leaf_start()?);
                }
            }
            _ => return Err(Refusal::Malformed),
        }
        Ok(handshake)
    }

    fn proposal(&mut self, reader: &mut Reader<'_>) -> Result<(), Refusal> {
        match reader.number(2)? {
            1 => self.adds.push(reader.key_package()?),
            3 => self.removes.push(reader.number(4)? as u32),
            6 => {
                reader.vector()?; // ExternalInit's kem_output
            }
            7 => self.extensions(reader.vector()?)?,
            10 => self.self_remove = true,
            _ => return Err(Refusal::Malformed),
        }
        Ok(())
    }
}

impl Handshake {
    /// The list of a GroupContextExtensions proposal (RFC 9420 section 12.1.7); what else is in it never changes.
    fn extensions(&mut self, list: &[u8]) -> Result<(), Refusal> {
        let mut list = Reader { rest: list };
        while !list.rest.is_empty() {
            let (kind, data) = (list.number(2)?, list.vector()?);
            if kind == u64::from(SETTINGS_EXTENSION) {
                self.settings = Some(data.to_vec());
            }
        }
        Ok(())
    }
}

/// The settings that a conversation began with, from the GroupInfo of its first entry.
fn settings_of(group_info: &[u8]) -> Result<Vec<u8>, Refusal> {
    let message = MlsMessageIn::tls_deserialize_exact(group_info).map_err(|_| Refusal::Malformed)?;
    let MlsMessageBodyIn::GroupInfo(info) = message.extract() else {
        return Err(Refusal::Malformed);
    };
    Ok(Settings::of(info.group_context().extensions())?.encode())
}

/// TLS presentation language as MLS uses it (RFC 9420 section 2.1).
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or(Refusal::Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self, bytes: usize) -> Result<u64, Refusal> {
        Ok(self.take(bytes)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn vector(&mut self) -> Result<&'a [u8], Refusal> {
        let first = *self.rest.first().ok_or(Refusal::Malformed)?;
        let width = 1usize << (first >> 6);
        if width == 8 {
            return Err(Refusal::Malformed);
        }
        let n = self.number(width)? & ((1 << (8 * width - 2)) - 1);
        self.take(n as usize)
    }

    fn key_package(&mut self) -> Result<Device, Refusal> {
        self.take(4)?; // version, cipher suite
        self.vector()?; // init key
        let device = self.leaf_start()?;
        for _ in 0..5 {
            self.vector()?; // capabilities
        }
        match self.number(1)? {
            1 => {
                self.take(16)?; // lifetime
            }
            _ => return Err(Refusal::Malformed),
        }
        for _ in 0..4 {
            self.vector()?; // extensions and signature of leaf and key package
        }
        Ok(device)
    }

    /// The beginning of a leaf node: its keys and the device in its credential.
    fn leaf_start(&mut self) -> Result<Device, Refusal> {
        self.vector()?; // encryption key
        self.vector()?; // signature key
        if self.number(2)? != 1 {
            return Err(Refusal::Malformed); // not a BasicCredential
        }
        let identity = cbor::decode(self.vector()?)?;
        let [_org, _user, device, _position] = identity.array()?;
        Ok(Device::from_item(device)?)
    }
}

/// The authenticated data of a handshake message, in the clear.
pub fn authenticated_data(message: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut reader = Reader { rest: message };
    reader.take(4)?;
    reader.vector()?;
    reader.number(8)?;
    match reader.number(1)? {
        1 | 2 => {
            reader.take(4)?;
        }
        3 | 4 => {}
        _ => return Err(Refusal::Malformed),
    }
    Ok(reader.vector()?.to_vec())
}
