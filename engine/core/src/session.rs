//! What lives as long as one connection: requests that wait for their answers, and how far the sync has come.

use std::collections::{BTreeMap, BTreeSet};

use inmost_public::ids::{Conversation, Device, Head};

use crate::frames::{ConversationState, RequestId, Tree, WaitingWelcome};
use crate::input::CommandId;

/// What an answer will be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Sync,
    Directory,
    /// A directory entry, by the sequence of its row.
    Entry(u64),
    Create(Conversation),
    Commit(Conversation),
    External(Conversation),
    Propose(Conversation),
    PutLink(Conversation, u64),
    Complaint,
    /// Items from the head on.
    Log(Conversation),
    /// The handshake entries before this device's time.
    Prologue(Conversation),
    /// A page of messages, with what it must end in.
    Page(Conversation),
    Links(Conversation),
    Group(Conversation),
    Tree(Conversation),
    /// The log around a Welcome's commit.
    WelcomeLog(Conversation),
    Taken(Conversation),
    Send(Conversation, u64),
    Receipt(Conversation, Option<CommandId>),
    Receipts(Conversation),
    Signal,
    Delete,
    Publish,
    Claim(Conversation, u64),
    Vault,
    VaultRows(Vec<Conversation>),
    FetchVault,
}

/// Where the sync of this connection stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    #[default]
    Offline,
    /// Waiting for Synced pages.
    Syncing,
    /// Fetching the directory.
    Directory,
    Live,
}

/// A page of messages that a person or the sync wants.
#[derive(Clone, Debug)]
pub struct PageWanted {
    pub command: Option<CommandId>,
    pub limit: u64,
    pub before: Option<u64>,
}

const RACES: u32 = 8;
const PUT_OFF_MS: u64 = 300_000;
const BACK_OFF_MS: u64 = 500;

#[derive(Debug, Default)]
pub struct Session {
    pub stage: Stage,
    pub asked: BTreeMap<RequestId, Asked>,
    pub states: Vec<ConversationState>,
    /// The next numbers of logs and directory when this connection began.
    pub before: BTreeMap<Conversation, u64>,
    pub directory_before: u64,
    /// By conversation: the number its next new item will get, as far as the server said.
    pub next_n: BTreeMap<Conversation, u64>,
    pub directory_next_n: u64,
    /// Conversations with a FetchLog under way.
    pub fetching: BTreeSet<Conversation>,
    /// Conversations whose log names a directory that the server does not give: not asked for again on this connection.
    pub given_up: BTreeSet<Conversation>,
    /// Refusals since something last went forward, and when the next try is: a server cannot keep a device busy.
    pub refusals: BTreeMap<Conversation, (u32, u64)>,
    /// Waiting for the directory to reach this number.
    pub stalled: BTreeMap<Conversation, u64>,
    pub pages: BTreeMap<Conversation, Vec<PageWanted>>,
    pub is_ready_said: bool,
    pub wakes: BTreeMap<Wake, u64>,
    pub slow_until_ms: u64,
    /// Read positions already asked for.
    pub receipts_asked: BTreeSet<Conversation>,
    /// Pending requests sent again on this connection.
    pub resent: BTreeSet<RequestId>,
    /// Conversations whose last refusal was answered by trying once more.
    pub retried: BTreeSet<Conversation>,
    /// External commits that were refused for good; tried again after the next connection.
    pub join_refused: BTreeSet<Conversation>,
    /// Trees that wait for the log of their Welcome.
    pub trees: BTreeMap<Conversation, Tree>,
    /// No link opens further back: the page at hand is shown as far as it opens.
    pub walked_out: BTreeSet<Conversation>,
    /// Messages that came in order and could not be opened yet: they are shown as new when a page opens them.
    pub late: BTreeSet<(Conversation, u64)>,
    /// Directory heads that others named beyond what is here: compared when it is.
    pub claimed_heads: Vec<(Head, Device)>,
    /// What this device does by itself and the server refused: not tried again before this time.
    pub not_before_ms: BTreeMap<Duty, u64>,
    /// Requests of this step: taken back if the step fails.
    pub asked_now: Vec<RequestId>,
    /// Key packages the server has of this device.
    pub key_packages: u64,
    /// Conversations listed by the server that this device has no leaf in.
    pub joinable: BTreeSet<Conversation>,
    pub returning: Option<crate::returning::Returning>,
    pub vault_rows_at_ms: u64,
    /// What the batch under way holds: epoch and recovery key.
    pub vault_epochs: BTreeMap<Conversation, (u64, [u8; 16])>,
    pub welcomes: Vec<WaitingWelcome>,
}

/// What a device does without being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    Vault,
    KeyPackages,
    ServerKey,
}

/// Why the engine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    Advance(Conversation),
    Gap(Conversation),
    Removal(Conversation),
    Link(Conversation),
    VaultRows,
    KeyPackages,
    Marks,
    Presence,
    Resync,
}

impl Session {
    pub fn is_live(&self) -> bool {
        self.stage == Stage::Live
    }

    pub fn is_connected(&self) -> bool {
        self.stage != Stage::Offline
    }

    pub fn wake(&mut self, why: Wake, at_ms: u64) {
        let at = self.wakes.entry(why).or_insert(at_ms);
        *at = (*at).min(at_ms);
    }

    /// The server refused a duty: not again for some minutes.
    pub fn put_off(&mut self, duty: Duty, now_ms: u64) {
        self.not_before_ms.insert(duty, now_ms + PUT_OFF_MS);
    }

    pub fn may(&self, duty: Duty, now_ms: u64) -> bool {
        self.not_before_ms.get(&duty).is_none_or(|at| *at <= now_ms)
    }

    /// Something was refused. The first few are the price of races; then each further try waits longer.
    pub fn back_off(&mut self, conversation: Conversation, now_ms: u64) {
        let (count, until) = self.refusals.entry(conversation).or_default();
        *count += 1;
        if *count > RACES {
            *until = now_ms + (BACK_OFF_MS << (*count - RACES).min(9));
        }
    }

    pub fn is_asked(&self, what: &Asked) -> bool {
        self.asked.values().any(|asked| asked == what)
    }
}
