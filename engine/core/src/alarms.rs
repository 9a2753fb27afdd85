//! What must be shown to a person: each alarm is an event once and a row that stays.

use inmost_public::ids::{Conversation, Device, User};
use inmost_public::Refusal;
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::map;
use crate::pack::Value;
use crate::rows::{number_of, Row};

/// The kinds of docs/protocol/engine.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlarmKind {
    DirectoryForked,
    LogForked,
    IdentityMismatch,
    WrongLink,
    LinkMissing,
    RemovalWithoutCause,
    Equivocation,
    BadSeal,
    VaultRolledBack,
    CommitRefused,
    BackdatedDevice,
    InvitationClaimedTwice,
    ServerMisbehaved,
    NotAllowed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    pub kind: AlarmKind,
    pub conversation: Option<Conversation>,
    pub user: Option<User>,
    pub device: Option<Device>,
    pub words: String,
    pub at_ms: u64,
}

/// More than this many rows of alarms are not kept: a hostile server must not fill the disk.
const MAX_ALARMS: usize = 500;

impl Alarm {
    pub fn to_value(&self) -> Value {
        map! {"kind" => format!("{:?}", self.kind), "conversation" => self.conversation, "user" => self.user, "device" => self.device, "words" => self.words, "at_ms" => self.at_ms}
    }
}

impl Machine {
    /// Show it, once: the same alarm about the same thing is not repeated.
    pub(crate) fn alarm(
        &mut self,
        kind: AlarmKind,
        conversation: Option<Conversation>,
        by: Option<Device>,
        words: &str,
    ) {
        let user = by
            .and_then(|device| self.directory.device(device))
            .map(|state| state.user);
        let alarm = Alarm {
            kind,
            conversation,
            user,
            device: by,
            words: words.to_owned(),
            at_ms: self.now,
        };
        let known = self.alarms().unwrap_or_default();
        if known.iter().any(|old| {
            Alarm {
                at_ms: alarm.at_ms,
                ..old.clone()
            } == alarm
        }) {
            return;
        }
        self.out.event("alarm", alarm.to_value());
        if known.len() < MAX_ALARMS {
            let n = self
                .rows
                .with_prefix(b"a")
                .last()
                .and_then(|(key, _)| number_of(key))
                .map_or(0, |n| n + 1);
            self.rows.put(Row::Alarm(n), &alarm);
        }
    }

    pub(crate) fn alarms(&self) -> Result<Vec<Alarm>, Refusal> {
        Ok(self.numbered(b"a")?.into_iter().map(|(_, alarm)| alarm).collect())
    }

    /// An answer that no honest server gives.
    pub(crate) fn misbehaved(&mut self, conversation: Option<Conversation>, words: &str) {
        self.alarm(AlarmKind::ServerMisbehaved, conversation, None, words);
    }
}
