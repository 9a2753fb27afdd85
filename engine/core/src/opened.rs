//! Which messages have been opened: log hashes and message hashes, 256 log numbers to a row, to tell duplicates, equivocation and forks.

use std::collections::{BTreeMap, BTreeSet};

use inmost_public::ids::{sha256, Conversation, Device, Head, Message};
use inmost_public::Refusal;

use crate::machine::{prefix, Machine};
use crate::rows::{number_of, Row};

const CHUNK: u64 = 256;
/// u64 n, 16 bytes of h_n, 8 of (device, id), 8 of the content hash; the last two are zero for what is no message.
const ITEM_BYTES: usize = 40;

/// What is kept of one log number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    hash: [u8; 16],
    name: [u8; 8],
    content: [u8; 8],
}

/// The log numbers of a conversation that were loaded here.
#[derive(Clone, Debug, Default)]
pub struct OpenedIndex {
    by_n: BTreeMap<u64, Kept>,
    by_name: BTreeMap<[u8; 8], (u64, [u8; 8])>,
    unsaved: BTreeSet<u64>,
}

/// Whether a message is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    New,
    /// The same device said the same under this id, at another number; the lower one counts.
    Duplicate {
        first: u64,
    },
    /// The same device used this id for something else.
    Equivocation {
        first: u64,
    },
}

fn short<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[..N]);
    out
}

fn name_of(device: Device, id: Message) -> [u8; 8] {
    short(&sha256(&[&device.0, &id.0]))
}

impl OpenedIndex {
    fn add_row(&mut self, bytes: &[u8]) {
        for item in bytes.chunks_exact(ITEM_BYTES) {
            let n = u64::from_be_bytes(short(item));
            let kept = Kept {
                hash: short(&item[8..]),
                name: short(&item[24..]),
                content: short(&item[32..]),
            };
            self.keep(n, kept);
        }
    }

    fn keep(&mut self, n: u64, kept: Kept) {
        self.by_n.insert(n, kept);
        if kept.name != [0; 8] {
            let first = self.by_name.entry(kept.name).or_insert((n, kept.content));
            if n < first.0 {
                *first = (n, kept.content);
            }
        }
    }

    /// The log hash after number n, for what is not a message or did not open.
    pub fn note(&mut self, n: u64, hash: &[u8; 32]) {
        self.by_n.entry(n).or_insert(Kept {
            hash: short(hash),
            name: [0; 8],
            content: [0; 8],
        });
        self.unsaved.insert(n / CHUNK);
    }

    pub fn novelty(&self, n: u64, device: Device, id: Message, content_hash: &[u8; 32]) -> Novelty {
        match self.by_name.get(&name_of(device, id)) {
            None => Novelty::New,
            Some((at, _)) if *at == n => Novelty::New,
            Some((first, content)) if *content == short(content_hash) => Novelty::Duplicate { first: *first },
            Some((first, _)) => Novelty::Equivocation { first: *first },
        }
    }

    /// Where a message stands, if it was opened here.
    pub fn place_of(&self, device: Device, id: Message) -> Option<u64> {
        self.by_name.get(&name_of(device, id)).map(|(n, _)| *n)
    }

    pub fn message(&mut self, n: u64, hash: &[u8; 32], device: Device, id: Message, content_hash: &[u8; 32]) {
        self.keep(
            n,
            Kept {
                hash: short(hash),
                name: name_of(device, id),
                content: short(content_hash),
            },
        );
        self.unsaved.insert(n / CHUNK);
    }

    /// Whether somebody's head of the log fits: None where this device has not loaded that number.
    pub fn agrees(&self, seen: &Head) -> Option<bool> {
        self.by_n.get(&seen.n).map(|kept| kept.hash == short::<16>(&seen.hash))
    }

    fn row(&self, chunk: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (n, kept) in self.by_n.range(chunk * CHUNK..(chunk + 1) * CHUNK) {
            bytes.extend_from_slice(&n.to_be_bytes());
            bytes.extend_from_slice(&kept.hash);
            bytes.extend_from_slice(&kept.name);
            bytes.extend_from_slice(&kept.content);
        }
        bytes
    }
}

impl Machine {
    /// The index of a conversation, read from its rows when first needed.
    pub(crate) fn opened(&mut self, conversation: Conversation) -> Result<&mut OpenedIndex, Refusal> {
        if self.conv(conversation)?.opened.is_none() {
            let mut index = OpenedIndex::default();
            for (key, bytes) in self.rows.with_prefix(&prefix(b'o', conversation)) {
                number_of(&key).ok_or(Refusal::Corrupt)?;
                index.add_row(&bytes);
            }
            self.conv_mut(conversation)?.opened = Some(index);
        }
        self.conv_mut(conversation)?.opened.as_mut().ok_or(Refusal::Corrupt)
    }

    /// Write what was noted since the last time, together with the log head it belongs to.
    pub(crate) fn save_log(&mut self, conversation: Conversation) {
        if let Some(index) = self
            .conversations
            .get_mut(&conversation)
            .and_then(|conv| conv.opened.as_mut())
        {
            for chunk in std::mem::take(&mut index.unsaved) {
                self.rows
                    .put_bytes(Row::Opened(conversation, chunk).key(), index.row(chunk));
            }
        }
        self.save_conv(conversation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_use_of_an_id_counts_whatever_order_pages_come_in() {
        let (device, id) = (Device([1; 16]), Message([2; 16]));
        let mut index = OpenedIndex::default();
        index.message(300, &[9; 32], device, id, &[5; 32]);
        assert_eq!(index.novelty(300, device, id, &[5; 32]), Novelty::New);
        assert_eq!(
            index.novelty(7, device, id, &[5; 32]),
            Novelty::Duplicate { first: 300 }
        );
        assert_eq!(
            index.novelty(7, device, id, &[6; 32]),
            Novelty::Equivocation { first: 300 }
        );
        assert_eq!(index.agrees(&Head { n: 300, hash: [9; 32] }), Some(true));
        assert_eq!(index.agrees(&Head { n: 300, hash: [8; 32] }), Some(false));
        assert_eq!(index.agrees(&Head { n: 299, hash: [8; 32] }), None);
        let mut again = OpenedIndex::default();
        again.add_row(&index.row(1));
        assert_eq!(
            again.novelty(7, device, id, &[6; 32]),
            Novelty::Equivocation { first: 300 }
        );
    }
}
