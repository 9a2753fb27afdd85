//! The device's state in memory, and what every part of the engine needs: rows, random numbers, requests, events.
//!
//! Everything here is a mirror of rows, or lives as long as a connection (`session`). After an error the mirror is thrown
//! away and read again from the rows, so an error changes nothing.

use std::collections::BTreeMap;

use inmost_public::directory::Directory;
use inmost_public::ids::{Conversation, Head, Org};
use inmost_public::Refusal;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::conversation::group::Loaded;
use crate::conversation::Conv;
use crate::effects::Effects;
use crate::expiry::Endings;
use crate::frames::{Request, RequestId};
use crate::input::CommandId;
use crate::map;
use crate::me::{Keys, Me};
use crate::pack::Value;
use crate::personal::Marks;
use crate::refused::Refused;
use crate::rows::{number_of, unpack, Row, Rows};
use crate::session::{Asked, Session};
use crate::signals::Signals;

pub struct Machine {
    pub(crate) now: u64,
    pub(crate) rows: Rows,
    pub(crate) out: Effects,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) me: Option<Me>,
    pub(crate) keys: Option<Keys>,
    pub(crate) directory: Directory,
    /// The directory changed in this step, so an error has to read it again.
    pub(crate) is_directory_changed: bool,
    pub(crate) conversations: BTreeMap<Conversation, Conv>,
    pub(crate) groups: BTreeMap<Conversation, Loaded>,
    pub(crate) session: Session,
    pub(crate) endings: Endings,
    pub(crate) marks: Marks,
    pub(crate) marks_since: u64,
    pub(crate) signals: Signals,
}

impl Machine {
    pub fn load(rows: Rows) -> Result<Self, Refusal> {
        let mut machine = Machine {
            now: 0,
            rows,
            out: Effects::default(),
            rng: ChaCha20Rng::from_seed([0; 32]), // replaced by each step's entropy before anything is drawn
            me: None,
            keys: None,
            directory: Directory::new(Org([0; 16])),
            is_directory_changed: true,
            conversations: BTreeMap::new(),
            groups: BTreeMap::new(),
            session: Session::default(),
            endings: Endings::new(),
            marks: Marks::new(),
            marks_since: 0,
            signals: Signals::default(),
        };
        machine.reload()?;
        Ok(machine)
    }

    /// Read everything again from the rows.
    pub(crate) fn reload(&mut self) -> Result<(), Refusal> {
        self.groups.clear();
        self.me = self.rows.get(Row::Me)?;
        self.keys = self.me.as_ref().map(Keys::of);
        if std::mem::take(&mut self.is_directory_changed) {
            self.directory = Directory::new(self.me.as_ref().map_or(Org([0; 16]), |me| me.org));
            for (_, entry) in self.rows.with_prefix(b"D") {
                self.directory.apply(&entry)?;
            }
        }
        self.conversations.clear();
        for (key, bytes) in self.rows.with_prefix(b"c") {
            let conversation = Conversation::from_slice(key.get(1..).unwrap_or_default())?;
            let mut conv = Conv::new(unpack(&bytes)?);
            conv.outbox = self.load_outbox(conversation)?;
            conv.unsent = conv.outbox.keys().copied().collect();
            conv.intents = self.numbered(&prefix(b'i', conversation))?.into_iter().collect();
            conv.pending = self.rows.get(Row::Pending(conversation))?;
            self.conversations.insert(conversation, conv);
        }
        self.endings = self.load_endings()?;
        self.marks = self.load_marks()?;
        self.marks_since = self.rows.get(Row::MarksSince)?.unwrap_or(0);
        Ok(())
    }

    /// Drop what this step changed: rows, requests, events; memory is read again.
    pub(crate) fn roll_back(&mut self) -> Result<(), Refusal> {
        self.rows.discard();
        self.out = Effects::default();
        for id in std::mem::take(&mut self.session.asked_now) {
            self.session.asked.remove(&id);
        }
        self.reload()
    }

    /// Fresh entropy of the host, once a step.
    pub(crate) fn seed(&mut self, entropy: [u8; 32]) {
        let mut before = [0; 32];
        self.rng.fill_bytes(&mut before);
        self.rng = ChaCha20Rng::from_seed(inmost_public::ids::sha256(&[&before, &entropy]));
    }

    pub(crate) fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    pub(crate) fn me(&self) -> Result<&Me, Refusal> {
        self.me.as_ref().ok_or(Refusal::NotAllowed)
    }

    pub(crate) fn keys(&self) -> Result<&Keys, Refusal> {
        self.keys.as_ref().ok_or(Refusal::NotAllowed)
    }

    pub(crate) fn save_me(&mut self) {
        if let Some(me) = &self.me {
            self.rows.put(Row::Me, me);
        }
    }

    /// The next number of a row that keeps an order.
    pub(crate) fn next_sequence(&mut self) -> u64 {
        let me = self.me.as_mut().map(|me| {
            me.sequence += 1;
            me.sequence
        });
        self.save_me();
        me.unwrap_or(0)
    }

    pub(crate) fn head(&self) -> Result<Head, Refusal> {
        self.directory.head().ok_or(Refusal::DirectoryBehind)
    }

    /// Send a request and remember what its answer is for.
    pub(crate) fn ask(&mut self, asked: Asked, request: impl FnOnce(RequestId) -> Request) {
        let id = self.random();
        let frame = request(id).encode();
        self.ask_with(id, asked, frame);
    }

    /// The same for a frame that was made, and persisted, earlier.
    pub(crate) fn ask_with(&mut self, id: RequestId, asked: Asked, frame: Vec<u8>) {
        if self.session.is_connected() {
            self.session.asked.insert(id, asked);
            self.session.asked_now.push(id);
            self.out.frames.push(frame);
        }
    }

    pub(crate) fn done(&mut self, command: CommandId, result: Value) {
        let mut pairs = vec![(Value::Text("command".into()), Value::Bytes(command.to_vec()))];
        if let Value::Map(result) = result {
            pairs.extend(result);
        }
        self.out.event("done", Value::Map(pairs));
    }

    pub(crate) fn refuse(&mut self, command: CommandId, refused: Refused) {
        self.out.event(
            "refused",
            map! {"command" => command, "code" => refused.code, "words" => refused.words},
        );
    }

    pub(crate) fn finish(&mut self, command: Option<CommandId>, result: Result<Value, Refused>) {
        match (command, result) {
            (Some(command), Ok(value)) => self.done(command, value),
            (Some(command), Err(refused)) => self.refuse(command, refused),
            (None, _) => {}
        }
    }

    pub(crate) fn conv(&self, conversation: Conversation) -> Result<&Conv, Refusal> {
        self.conversations.get(&conversation).ok_or(Refusal::Unknown)
    }

    pub(crate) fn conv_mut(&mut self, conversation: Conversation) -> Result<&mut Conv, Refusal> {
        self.conversations.get_mut(&conversation).ok_or(Refusal::Unknown)
    }

    pub(crate) fn save_conv(&mut self, conversation: Conversation) {
        if let Some(conv) = self.conversations.get_mut(&conversation) {
            conv.unsaved = 0;
            self.rows.put(Row::Conversation(conversation), &conv.state);
        }
    }

    /// All rows of a numbered kind, by number.
    pub(crate) fn numbered<T: serde::de::DeserializeOwned>(&self, prefix: &[u8]) -> Result<Vec<(u64, T)>, Refusal> {
        let read = |(key, value): (Vec<u8>, Vec<u8>)| Ok((number_of(&key).ok_or(Refusal::Corrupt)?, unpack(&value)?));
        self.rows.with_prefix(prefix).into_iter().map(read).collect()
    }
}

/// The prefix of the numbered rows of a conversation.
pub(crate) fn prefix(tag: u8, conversation: Conversation) -> Vec<u8> {
    [&[tag][..], &conversation.0].concat()
}
