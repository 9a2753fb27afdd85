//! Entities of OpenMLS as bytes: self-describing CBOR, so that rows survive new fields, with byte strings kept compact.
//!
//! Most byte vectors of OpenMLS serialise as sequences of integers, twice their size. Such a sequence is stored as a
//! uint8 typed array (RFC 8746 section 2: tag 64 over a byte string) and unfolded before reading.

use serde::{de::DeserializeOwned, Serialize};

use super::StorageError;

const TAG_64: [u8; 2] = [0xd8, 64];

const NULL: u8 = 0xf6;

/// OpenMLS notes when it got a secret, by the clock of the machine. Nothing reads that: secrets of past epochs are not kept.
const EMPTY: &str = "added_at";
/// A hash map that OpenMLS writes as a list of pairs (of a pending commit's proposals).
const UNORDERED: &str = "queued_proposals";

/// The same entity is the same bytes in every run: hash maps are written in the order of their bytes, and no time of the machine.
pub fn to_bytes(entity: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    let mut plain = Vec::new();
    ciborium::into_writer(entity, &mut plain).map_err(|_| StorageError)?;
    let mut out = Vec::with_capacity(plain.len() / 2);
    let rest = fold(&plain, &mut out)?;
    if rest.is_empty() {
        Ok(out)
    } else {
        Err(StorageError)
    }
}

pub fn from_bytes<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, StorageError> {
    let mut plain = Vec::with_capacity(bytes.len() * 2);
    let rest = unfold(bytes, &mut plain)?;
    if !rest.is_empty() {
        return Err(StorageError);
    }
    ciborium::from_reader(plain.as_slice()).map_err(|_| StorageError)
}

/// The byte strings of a key, one after the other: ids of OpenMLS are structs around one byte vector.
pub fn key_bytes(key: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    let folded = to_bytes(key)?;
    let mut out = Vec::new();
    let mut rest = folded.as_slice();
    while !rest.is_empty() {
        let head = head(rest)?;
        rest = &rest[head.len..];
        if head.major == 2 {
            let (bytes, after) = split(rest, head.n)?;
            out.extend_from_slice(bytes);
            rest = after;
        } else if head.major == 3 {
            rest = split(rest, head.n)?.1; // a field's name
        } else if head.major <= 1 {
            out.extend_from_slice(&head.n.to_be_bytes()); // an epoch number
        }
    }
    Ok(out)
}

pub struct Head {
    pub major: u8,
    pub n: u64,
    pub len: usize,
}

/// The head of the item that `bytes` starts with.
pub fn head(bytes: &[u8]) -> Result<Head, StorageError> {
    let first = *bytes.first().ok_or(StorageError)?;
    let width = match first & 0x1f {
        low @ 0..=23 => return Ok(Head { major: first >> 5, n: u64::from(low), len: 1 }),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return Err(StorageError), // indefinite lengths do not occur: every serialised sequence knows its length
    };
    let n = bytes.get(1..1 + width).ok_or(StorageError)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
    Ok(Head { major: first >> 5, n, len: 1 + width })
}

pub fn split(bytes: &[u8], n: u64) -> Result<(&[u8], &[u8]), StorageError> {
    let n = usize::try_from(n).map_err(|_| StorageError)?;
    bytes.split_at_checked(n).ok_or(StorageError)
}

/// What follows the item that `bytes` starts with.
pub fn skip(bytes: &[u8]) -> Result<&[u8], StorageError> {
    let head = head(bytes)?;
    let mut rest = &bytes[head.len..];
    match head.major {
        2 | 3 => return Ok(split(rest, head.n)?.1),
        4 => {
            for _ in 0..head.n {
                rest = skip(rest)?;
            }
        }
        5 => {
            for _ in 0..head.n {
                rest = skip(skip(rest)?)?;
            }
        }
        6 => rest = skip(rest)?,
        _ => {}
    }
    Ok(rest)
}

pub fn write_head(major: u8, n: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    match n {
        0..=23 => out.push(major | n as u8),
        24..=0xff => out.extend_from_slice(&[major | 24, n as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend_from_slice(&(n as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&n.to_be_bytes());
        }
    }
}

/// The integers of an array that holds nothing but bytes, and what follows it.
fn octets(mut rest: &[u8], n: u64) -> Option<(Vec<u8>, &[u8])> {
    let mut octets = Vec::with_capacity(usize::try_from(n).ok()?.min(rest.len()));
    for _ in 0..n {
        match rest {
            [byte @ 0..=23, after @ ..] | [24, byte, after @ ..] => {
                octets.push(*byte);
                rest = after;
            }
            _ => return None,
        }
    }
    Some((octets, rest))
}

fn fold<'a>(bytes: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], StorageError> {
    let head = head(bytes)?;
    let mut rest = &bytes[head.len..];
    if head.major == 4 && head.n >= 4 {
        if let Some((octets, after)) = octets(rest, head.n) {
            out.extend_from_slice(&TAG_64);
            write_head(2, head.n, out);
            out.extend_from_slice(&octets);
            return Ok(after);
        }
    }
    out.extend_from_slice(&bytes[..head.len]);
    match head.major {
        2 | 3 => {
            let (string, after) = split(rest, head.n)?;
            out.extend_from_slice(string);
            return Ok(after);
        }
        4 => {
            for _ in 0..head.n {
                rest = fold(rest, out)?;
            }
        }
        // A struct: its fields have names, and their order.
        5 if rest.first().is_some_and(|key| key >> 5 == 3) => {
            for _ in 0..head.n {
                rest = fold_field(rest, out)?;
            }
        }
        5 => rest = fold_unordered(rest, head.n, 2, out)?,
        6 => rest = fold(rest, out)?,
        _ => {}
    }
    Ok(rest)
}

fn fold_field<'a>(field: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], StorageError> {
    let value = fold(field, out)?;
    if is_text(field, EMPTY)? {
        out.push(NULL);
        return skip(value);
    }
    let item = head(value)?;
    if item.major == 4 && is_text(field, UNORDERED)? {
        out.extend_from_slice(&value[..item.len]);
        return fold_unordered(&value[item.len..], item.n, 1, out);
    }
    fold(value, out)
}

/// `count` entries of so many items each, in the order of their bytes: as they come, it differs from run to run.
fn fold_unordered<'a>(mut rest: &'a [u8], count: u64, items: u8, out: &mut Vec<u8>) -> Result<&'a [u8], StorageError> {
    let mut entries = Vec::new();
    for _ in 0..count {
        let mut entry = Vec::new();
        for _ in 0..items {
            rest = fold(rest, &mut entry)?;
        }
        entries.push(entry);
    }
    entries.sort();
    out.extend(entries.into_iter().flatten());
    Ok(rest)
}

/// Whether the item that `bytes` starts with is this text.
fn is_text(bytes: &[u8], text: &str) -> Result<bool, StorageError> {
    let head = head(bytes)?;
    Ok(head.major == 3 && split(&bytes[head.len..], head.n)?.0 == text.as_bytes())
}

fn unfold<'a>(bytes: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8], StorageError> {
    let item = head(bytes)?;
    let mut rest = &bytes[item.len..];
    if bytes.starts_with(&TAG_64) {
        let string = head(rest)?;
        let (octets, after) = split(&rest[string.len..], string.n)?;
        write_head(4, string.n, out);
        for octet in octets {
            write_head(0, u64::from(*octet), out);
        }
        return Ok(after);
    }
    out.extend_from_slice(&bytes[..item.len]);
    match item.major {
        2 | 3 => {
            let (string, after) = split(rest, item.n)?;
            out.extend_from_slice(string);
            return Ok(after);
        }
        4 | 5 => {
            for _ in 0..item.n.saturating_mul(u64::from(item.major - 3)) {
                rest = unfold(rest, out)?;
            }
        }
        6 => rest = unfold(rest, out)?,
        _ => {}
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_vector_takes_its_own_size_and_comes_back() {
        let entity = (vec![200u8; 1000], "name".to_owned(), Some(vec![vec![1u32, 70_000], vec![]]), [1u8, 2, 3]);
        let bytes = to_bytes(&entity).unwrap();
        assert!(bytes.len() < 1040);
        assert_eq!(from_bytes::<(Vec<u8>, String, Option<Vec<Vec<u32>>>, [u8; 3])>(&bytes).unwrap(), entity);
    }

    #[test]
    fn what_openmls_notes_of_the_clock_is_not_written_and_all_else_is() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Noted {
            added_at: Option<std::time::Duration>,
            words: Vec<String>,
            inner: Vec<Noted>,
        }
        let noted = |added_at, inner| Noted { added_at, words: vec!["added_at".into()], inner };
        let moment = Some(std::time::Duration::from_millis(1_700_000_000_001));
        let bytes = to_bytes(&noted(moment, vec![noted(moment, vec![])])).unwrap();
        assert_eq!(from_bytes::<Noted>(&bytes).unwrap(), noted(None, vec![noted(None, vec![])]));
    }

    #[test]
    fn a_hash_map_is_the_same_bytes_in_every_run() {
        #[allow(clippy::disallowed_types)] // as OpenMLS has it
        type Map = std::collections::HashMap<[u32; 2], u32>;
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Queue {
            queued_proposals: Vec<([u32; 2], u32)>,
            in_order: Vec<u32>,
        }
        let map = || (0..100u32).map(|key| ([key; 2], key)).collect::<Map>();
        let queue = || Queue { queued_proposals: map().into_iter().collect(), in_order: vec![7, 5, 6] };
        let (bytes, queued) = (to_bytes(&map()).unwrap(), to_bytes(&queue()).unwrap());
        assert!((0..10).all(|_| to_bytes(&map()).unwrap() == bytes && to_bytes(&queue()).unwrap() == queued));
        assert_eq!(from_bytes::<Map>(&bytes).unwrap(), map());
        let read = from_bytes::<Queue>(&queued).unwrap();
        assert_eq!((read.queued_proposals.into_iter().collect::<Map>(), read.in_order), (map(), vec![7, 5, 6]));
    }

    #[test]
    fn damaged_rows_are_errors_and_never_panics() {
        use rand_core::{RngCore, SeedableRng};
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(2);
        let good = to_bytes(&(vec![200u8; 20], "name".to_owned(), 7u64)).unwrap();
        for _ in 0..20_000 {
            let mut bytes = good.clone();
            let at = rng.next_u32() as usize % bytes.len();
            bytes[at] = rng.next_u32() as u8;
            let _ = from_bytes::<(Vec<u8>, String, u64)>(&bytes);
        }
    }
}
