//! One conversation as this device knows it: its row, and what is kept in memory beside it.

pub mod arrival;
pub mod commit;
pub mod complaint;
pub mod create;
pub mod external;
pub mod group;
pub mod membership;
pub mod rebase;
pub mod removal;
pub mod settings;
pub mod simulated;
pub mod welcome;

use std::collections::{BTreeMap, BTreeSet};

use inmost_public::ids::{Device, Group, Head, User};
use serde::{Deserialize, Serialize};

use inmost_public::commit::GroupFacts;

use crate::keys::{ContentKey, HistoryKey};
use crate::opened::OpenedIndex;
use crate::outbox::Outbox;
use crate::roster_history::RosterHistory;
use commit::PendingCommit;
use membership::Intent;

/// Whether this device is in the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Membership {
    /// Made here, not yet accepted by the server.
    Creating,
    /// An external commit waits for the log, or is about to be made.
    Joining,
    /// A Welcome waits for its proof in the log.
    Welcomed,
    Member,
    Removed,
}

/// Log numbers first..=last whose entries have been opened here. `before` is h_{first-1}: what the page below must end in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub first: u64,
    pub last: u64,
    pub before: [u8; 32],
}

/// How far the log before this device's time has been read (handshake entries only), to know the rosters of old epochs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prologue {
    #[default]
    NotNeeded,
    Wanted,
    Reading(simulated::Simulated),
    Done,
}

/// What is pending in the group, as this device learnt it from the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRemoval {
    pub n: u64,
    pub leaf: u32,
    pub device: Device,
    pub is_own_wish: bool,
}

/// The row of a conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConvState {
    pub group: Group,
    /// Which of the two row namespaces holds the present group.
    pub slot: u8,
    pub membership: Membership,
    pub kind: String,
    pub epoch: u64,
    /// The log as far as it is verified.
    pub head: Option<Head>,
    /// The first log number that was processed with this device in the group.
    pub joined_n: u64,
    /// h_{joined_n - 1}, where this device's own chain starts.
    pub joined_before: [u8; 32],
    pub joined_epoch: u64,
    pub spans: Vec<Span>,
    pub prologue: Prologue,
    pub title: Option<(u64, String)>,
    pub topic: Option<(u64, String)>,
    pub last_n: Option<u64>,
    pub last_at_ms: u64,
    pub read_n: Option<u64>,
    /// Time of this device's last path, and of the group's.
    pub own_path_ms: u64,
    pub group_path_ms: u64,
    pub pathless_adds: u64,
    pub last_time_ms: u64,
    pub last_dir_n: u64,
    pub settings: Vec<u8>,
    pub users: Vec<User>,
    pub devices: u64,
    pub pending: Vec<PendingRemoval>,
    /// Leaves whose device the directory has revoked or suspended: they go before anything is sealed.
    pub stale: Vec<Device>,
    /// Own leaves that the directory has revoked: nothing is sealed until they are out.
    pub sealing_stopped: Option<String>,
    /// The lowest epoch from which on all content keys are known.
    pub keys_from: u64,
    /// By epoch: when this device repairs its link, if nobody did before.
    pub link_due: BTreeMap<u64, u64>,
    /// A page could not be opened for want of a history link.
    pub is_waiting: bool,
    /// The newest `seen` of others below what is loaded, to be compared when it is.
    pub expects: Vec<Head>,
    /// A title known from elsewhere is said again for people who were added.
    pub must_say_title: bool,
}

/// Keys of one epoch.
#[derive(Clone)]
pub struct EpochKeys {
    pub content: ContentKey,
    pub history: Option<HistoryKey>,
    pub tree_hash: [u8; 32],
    pub source: KeySource,
}

/// How far an epoch's keys can be trusted: anybody who was there can have made the link that brought them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeySource {
    /// From the group itself, or from the person's own vault.
    #[default]
    Group,
    /// From a history link, and nothing has opened with the content key yet.
    Link,
    /// From a history link; the content key has opened a message, so it is right. That says nothing of the history key.
    LinkProven,
}

/// A conversation in memory: its row, and mirrors of other rows that are read when first needed.
pub struct Conv {
    pub state: ConvState,
    /// Messages since the row was last written.
    pub unsaved: u32,
    pub keys: BTreeMap<u64, EpochKeys>,
    pub rosters: Option<RosterHistory>,
    pub opened: Option<OpenedIndex>,
    pub outbox: Outbox,
    /// Of the outbox: not yet sent on this connection.
    pub unsent: BTreeSet<u64>,
    pub intents: BTreeMap<u64, Intent>,
    pub pending: Option<PendingCommit>,
}

impl Conv {
    pub fn new(state: ConvState) -> Self {
        Conv {
            state,
            unsaved: 0,
            keys: BTreeMap::new(),
            rosters: None,
            opened: None,
            outbox: Outbox::new(),
            unsent: BTreeSet::new(),
            intents: BTreeMap::new(),
            pending: None,
        }
    }

    pub fn is_member(&self) -> bool {
        self.state.membership == Membership::Member
    }

    pub fn facts(&self) -> GroupFacts {
        GroupFacts {
            dir_n: self.state.last_dir_n,
            time_ms: self.state.last_time_ms,
            pathless_adds: self.state.pathless_adds,
        }
    }

    pub fn next_n(&self) -> u64 {
        self.state.head.map_or(0, |head| head.n + 1)
    }
}

impl ConvState {
    /// The lowest epoch whose roster is known: what lies before this device's coming is read with the first page below it.
    pub fn rosters_from(&self) -> u64 {
        match self.prologue {
            Prologue::Wanted | Prologue::Reading(_) => self.joined_epoch,
            Prologue::Done | Prologue::NotNeeded => 0,
        }
    }

    pub fn new(group: Group, membership: Membership) -> Self {
        ConvState {
            group,
            slot: 0,
            membership,
            kind: String::new(),
            epoch: 0,
            head: None,
            joined_n: 0,
            joined_before: [0; 32],
            joined_epoch: 0,
            spans: Vec::new(),
            prologue: Prologue::NotNeeded,
            title: None,
            topic: None,
            last_n: None,
            last_at_ms: 0,
            read_n: None,
            own_path_ms: 0,
            group_path_ms: 0,
            pathless_adds: 0,
            last_time_ms: 0,
            last_dir_n: 0,
            settings: Vec::new(),
            users: Vec::new(),
            devices: 0,
            pending: Vec::new(),
            stale: Vec::new(),
            sealing_stopped: None,
            keys_from: 0,
            link_due: BTreeMap::new(),
            is_waiting: false,
            expects: Vec::new(),
            must_say_title: false,
        }
    }
}
