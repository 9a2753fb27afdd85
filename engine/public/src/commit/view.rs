//! The facts that decide about a commit: the group before it, and what the commit does. Plain data, no OpenMLS.

use std::collections::BTreeMap;

use crate::cbor;
use crate::credential::Leaf;
use crate::ids::{Device, Head, User};
use crate::refusal::Refusal;
use crate::settings::Settings;

/// A commit's authenticated data: `CBOR[1, dir_n, dir_D, seg, first, horizon, time_ms]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitAad {
    /// The directory head that its author knew.
    pub dir: Head,
    pub seg: bool,
    pub first: u64,
    pub horizon: u64,
    pub time_ms: u64,
}

impl CommitAad {
    /// As this version writes it: no segments yet.
    pub fn new(dir: Head, time_ms: u64) -> Self {
        CommitAad { dir, seg: false, first: 0, horizon: 0, time_ms }
    }

    pub fn encode(&self) -> Vec<u8> {
        let CommitAad { dir, seg, first, horizon, time_ms } = *self;
        cbor::encode(&crate::cbor![1, dir.n, dir.hash, seg, first, horizon, time_ms])
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(bytes)?;
        let [version, n, hash, seg, first, horizon, time_ms] = item.array()?;
        crate::log::version_1(version)?;
        Ok(CommitAad {
            dir: Head { n: n.uint()?, hash: hash.fixed()? },
            seg: seg.bool()?,
            first: first.uint()?,
            horizon: horizon.uint()?,
            time_ms: time_ms.uint()?,
        })
    }
}

/// Leaves by index.
pub type Roster = BTreeMap<u32, Leaf>;

/// A removal that waits to be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    pub leaf: u32,
    /// By the server as external sender, otherwise the leaf's own self-remove.
    pub by_server: bool,
}

/// What has to be kept beside the MLS group, from commit to commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupFacts {
    /// The highest directory number a commit named.
    pub dir_n: u64,
    pub time_ms: u64,
    /// Leaves added since the last path.
    pub pathless_adds: u64,
}

impl GroupFacts {
    /// After an accepted commit.
    pub fn after(&self, commit: &CommitView) -> Self {
        GroupFacts {
            dir_n: self.dir_n.max(commit.aad.dir.n),
            time_ms: self.time_ms.max(commit.aad.time_ms),
            pathless_adds: if commit.has_path { 0 } else { self.pathless_adds + commit.adds.len() as u64 },
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&crate::cbor![self.dir_n, self.time_ms, self.pathless_adds])
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(bytes)?;
        let [dir_n, time_ms, pathless_adds] = item.array()?;
        Ok(GroupFacts { dir_n: dir_n.uint()?, time_ms: time_ms.uint()?, pathless_adds: pathless_adds.uint()? })
    }
}

/// The group before the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    pub epoch: u64,
    pub settings: Settings,
    pub roster: Roster,
    pub pending: Vec<Pending>,
    pub facts: GroupFacts,
}

impl GroupView {
    pub fn leaf_of(&self, device: Device) -> Option<u32> {
        self.roster.iter().find(|(_, leaf)| leaf.identity.device == device).map(|(index, _)| *index)
    }

    pub fn has_user(&self, user: User) -> bool {
        self.roster.values().any(|leaf| leaf.identity.user == user)
    }
}

/// A leaf that is added by key package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddView {
    pub leaf: Leaf,
    pub is_capable: bool,
    /// KeyPackageRef, to compare with the Welcome.
    pub reference: Vec<u8>,
}

/// A leaf that comes in by an external commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinerView {
    pub leaf: Leaf,
    pub is_capable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committer {
    Member(u32),
    External(JoinerView),
}

/// What a commit does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitView {
    pub committer: Committer,
    pub adds: Vec<AddView>,
    /// Leaves removed by the committer itself.
    pub removes: Vec<u32>,
    /// Leaves removed by the server's proposals that the commit covers.
    pub server_removes: Vec<u32>,
    /// Leaves that leave by proposals of their own that the commit covers.
    pub self_removes: Vec<u32>,
    pub external_inits: usize,
    /// Some if it has a GroupContextExtensions proposal.
    pub settings: Option<Settings>,
    /// The group's other extensions are as they were.
    pub keeps_frozen: bool,
    /// Nothing but the proposals named above, each where it may stand.
    pub is_known: bool,
    pub has_path: bool,
    /// The committer's leaf in its path; the same leaf as before, with new encryption keys, in a member's commit.
    pub path_leaf: Option<Leaf>,
    pub aad: CommitAad,
}

impl CommitView {
    /// All leaves that are gone after it.
    pub fn gone(&self) -> impl Iterator<Item = u32> + '_ {
        self.removes.iter().chain(&self.server_removes).chain(&self.self_removes).copied()
    }
}
