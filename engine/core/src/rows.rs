//! The rows of the `state` table: one enum for all keys, and a transaction that is applied whole or dropped.

use std::collections::BTreeMap;

use inmost_public::ids::Conversation;
use inmost_public::Refusal;
use serde::de::DeserializeOwned;
use serde::Serialize;

/// A key of the `state` table. The first byte says what it is; conversations sort by their id behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Keys, phase, account of this device.
    Me,
    /// A directory entry, by number.
    Entry(u64),
    /// Private parts of key packages, as OpenMLS keeps them (prefix).
    KeyPackages,
    /// What is known of published key packages.
    KeyPackageState,
    /// State of one conversation: membership, log head, loaded spans.
    Conversation(Conversation),
    /// What the commit to an epoch changed, by epoch.
    Epoch(Conversation, u64),
    /// C_e and, if known, H_e, by epoch.
    Keys(Conversation, u64),
    /// Hashes of opened messages, 256 log numbers to a row.
    Opened(Conversation, u64),
    /// OpenMLS's rows of a group: slot 0 or 1, of which the conversation names the present one (prefix).
    Group(Conversation, u8),
    /// An intention with the group that has not been committed yet, by sequence.
    Intent(Conversation, u64),
    /// The commit, external commit, create or proposal that waits for the log.
    Pending(Conversation),
    /// A message that waits to be accepted, by sequence.
    Outbox(Conversation, u64),
    /// A directory entry that waits to be accepted, by sequence.
    PendingEntry(u64),
    /// What of the vault this device last wrote, and when.
    Vault,
    /// When and what of a conversation was last put into the vault.
    Vaulted(Conversation),
    /// A Welcome that waits for its commit in the log.
    Welcome(Conversation),
    /// A link of this device that waits to be accepted.
    PendingLink(Conversation, u64),
    Alarm(u64),
    /// What was said in the general channel of an open channel, by its id.
    OpenChannel(Conversation),
    /// From which number of the personal group's log on every mark is said; the marks themselves are personal.rs's.
    MarksSince,
    /// A message that ends at its time, by its number.
    Expiring(Conversation, u64),
    /// What has been seen of others' read positions.
    Receipts(Conversation),
}

impl Row {
    pub fn key(&self) -> Vec<u8> {
        match self {
            Row::Me => b"m".to_vec(),
            Row::Entry(n) => numbered(b'D', &[], *n),
            Row::KeyPackages => b"K".to_vec(),
            Row::KeyPackageState => b"k".to_vec(),
            Row::Conversation(conversation) => of(b'c', conversation),
            Row::Epoch(conversation, epoch) => numbered(b'e', &conversation.0, *epoch),
            Row::Keys(conversation, epoch) => numbered(b'h', &conversation.0, *epoch),
            Row::Opened(conversation, chunk) => numbered(b'o', &conversation.0, *chunk),
            Row::Group(conversation, slot) => {
                let mut key = of(b'G', conversation);
                key.push(*slot);
                key
            }
            Row::Intent(conversation, sequence) => numbered(b'i', &conversation.0, *sequence),
            Row::Pending(conversation) => of(b'p', conversation),
            Row::Outbox(conversation, sequence) => numbered(b's', &conversation.0, *sequence),
            Row::PendingEntry(sequence) => numbered(b'E', &[], *sequence),
            Row::Vault => b"V".to_vec(),
            Row::Vaulted(conversation) => of(b'v', conversation),
            Row::Welcome(conversation) => of(b'w', conversation),
            Row::PendingLink(conversation, epoch) => numbered(b'l', &conversation.0, *epoch),
            Row::Alarm(n) => numbered(b'a', &[], *n),
            Row::OpenChannel(conversation) => of(b'C', conversation),
            Row::MarksSince => b"S".to_vec(),
            Row::Expiring(conversation, n) => numbered(b'x', &conversation.0, *n),
            Row::Receipts(conversation) => of(b'r', conversation),
        }
    }
}

fn of(tag: u8, conversation: &Conversation) -> Vec<u8> {
    let mut key = Vec::with_capacity(26);
    key.push(tag);
    key.extend_from_slice(&conversation.0);
    key
}

fn numbered(tag: u8, id: &[u8], n: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(26);
    key.push(tag);
    key.extend_from_slice(id);
    key.extend_from_slice(&n.to_be_bytes());
    key
}

/// The number that a numbered key ends with.
pub fn number_of(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(
        key.get(key.len().checked_sub(8)?..)?.try_into().ok()?,
    ))
}

pub fn pack<T: Serialize>(value: &T) -> Vec<u8> {
    // Fails only for types that cannot be written at all, and every test would see that.
    rmp_serde::to_vec(value).unwrap_or_default()
}

/// A row that does not read is damage (or of a newer version): the device stops rather than guesses.
pub fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    rmp_serde::from_slice(bytes).map_err(|_| Refusal::Corrupt)
}

/// The table as it was persisted, and above it what this step changed.
#[derive(Default)]
pub struct Rows {
    base: BTreeMap<Vec<u8>, Vec<u8>>,
    changed: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Rows {
    pub fn new(rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        Rows {
            base: rows.into_iter().collect(),
            changed: BTreeMap::new(),
        }
    }

    pub fn get_bytes(&self, key: &[u8]) -> Option<&Vec<u8>> {
        match self.changed.get(key) {
            Some(changed) => changed.as_ref(),
            None => self.base.get(key),
        }
    }

    pub fn get<T: DeserializeOwned>(&self, row: Row) -> Result<Option<T>, Refusal> {
        self.get_bytes(&row.key()).map(|bytes| unpack(bytes)).transpose()
    }

    pub fn has(&self, row: Row) -> bool {
        self.get_bytes(&row.key()).is_some()
    }

    pub fn put<T: Serialize>(&mut self, row: Row, value: &T) {
        self.put_bytes(row.key(), pack(value));
    }

    /// Writing what is there already is no change.
    pub fn put_bytes(&mut self, key: Vec<u8>, value: Vec<u8>) {
        if self.base.get(&key) == Some(&value) {
            self.changed.remove(&key);
        } else {
            self.changed.insert(key, Some(value));
        }
    }

    pub fn delete(&mut self, row: Row) {
        self.delete_bytes(&row.key());
    }

    pub fn delete_bytes(&mut self, key: &[u8]) {
        if self.base.contains_key(key) {
            self.changed.insert(key.to_vec(), None);
        } else {
            self.changed.remove(key);
        }
    }

    /// All rows whose key begins with `prefix`, in order.
    pub fn with_prefix(&self, prefix: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = starting(&self.base, prefix)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        for (key, value) in starting(&self.changed, prefix) {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        rows.into_iter().collect()
    }

    pub fn delete_prefix(&mut self, prefix: &[u8]) {
        for (key, _) in self.with_prefix(prefix) {
            self.delete_bytes(&key);
        }
    }

    /// The changes, which from here on count as persisted.
    pub fn commit(&mut self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let changed = std::mem::take(&mut self.changed);
        for (key, value) in &changed {
            match value {
                Some(value) => self.base.insert(key.clone(), value.clone()),
                None => self.base.remove(key),
            };
        }
        changed.into_iter().collect()
    }

    pub fn discard(&mut self) {
        self.changed.clear();
    }
}

fn starting<'a, V>(map: &'a BTreeMap<Vec<u8>, V>, prefix: &'a [u8]) -> impl Iterator<Item = (&'a Vec<u8>, &'a V)> {
    map.range::<[u8], _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded))
        .take_while(move |(key, _)| key.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_transaction_leaves_no_trace_and_equal_values_are_no_change() {
        let mut rows = Rows::new([(b"a".to_vec(), b"1".to_vec())]);
        rows.put_bytes(b"a".to_vec(), b"1".to_vec());
        assert!(rows.changed.is_empty());
        rows.put_bytes(b"a".to_vec(), b"2".to_vec());
        rows.put_bytes(b"ab".to_vec(), b"3".to_vec());
        assert_eq!(rows.with_prefix(b"a").len(), 2);
        rows.discard();
        assert_eq!(rows.with_prefix(b"a"), vec![(b"a".to_vec(), b"1".to_vec())]);
        rows.delete_bytes(b"a");
        assert_eq!(rows.commit(), vec![(b"a".to_vec(), None)]);
        assert!(rows.with_prefix(b"").is_empty());
    }
}
