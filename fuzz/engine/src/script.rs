//! A fuzzer's bytes read as a script: which valid thing to take, and what to change in it.
//!
//! Every byte string is a script, and a script names things by their place, not by their bytes: so the valid frames can be sealed, signed and
//! hashed anew in each run (OpenMLS looks at the clock), and a script that was kept means the same next year. libFuzzer needs no mutator of ours.

use inmost_core::pack::{self, Value};
use inmost_public::cbor::{self, Item};

/// Where integers change their width, their sign or wrap.
const EDGES: [u64; 20] = [
    0,
    1,
    2,
    23,
    24,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    1 << 53,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

/// From here on a byte that chooses an element means the array as a whole.
const WHOLE: u8 = 232;
/// A byte string that is CBOR is looked into below this, and replaced from here on.
const INTO: u8 = 208;
const MOST_REPEATED: usize = 300;
/// Repetitions within repetitions would fill the memory with what the fuzzer itself made.
const MOST_REPETITIONS: u8 = 2;

pub struct Script<'a> {
    rest: &'a [u8],
    repetitions: u8,
}

impl<'a> Script<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Script {
            rest: bytes,
            repetitions: 0,
        }
    }

    pub fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte; 0 when it is over.
    pub fn byte(&mut self) -> u8 {
        match self.rest.split_first() {
            Some((byte, rest)) => {
                self.rest = rest;
                *byte
            }
            None => 0,
        }
    }

    /// 0..n-1
    pub fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n.max(1)
    }

    /// 0..n-1, also where n is more than a byte holds.
    pub fn place(&mut self, n: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % n.max(1)
    }

    pub fn number(&mut self) -> u64 {
        let byte = self.byte();
        match EDGES.get(usize::from(byte)) {
            Some(edge) => *edge,
            None => self.take(8).iter().fold(0, |n, byte| n << 8 | u64::from(*byte)),
        }
    }

    /// As many of the next n bytes as there are.
    pub fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(n.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Change one thing somewhere in a value. `others` are values to put in its place.
    pub fn edit(&mut self, value: &mut Value, others: &[Value]) {
        match value {
            Value::Array(items) if !items.is_empty() => {
                let chosen = self.byte();
                if chosen >= WHOLE {
                    self.reorder(items, others);
                } else {
                    let place = usize::from(chosen) % items.len();
                    self.edit(&mut items[place], others);
                }
            }
            Value::Map(pairs) if !pairs.is_empty() => {
                let place = self.below(pairs.len());
                if self.byte() >= WHOLE {
                    pairs.remove(place);
                } else {
                    self.edit(&mut pairs[place].1, others);
                }
            }
            Value::Bytes(bytes) => match within(bytes) {
                Some(mut inner) if self.byte() < INTO => {
                    self.edit(&mut inner, others);
                    *bytes = cbor::encode(&to_item(&inner));
                }
                _ => self.replace(value, others),
            },
            _ => self.replace(value, others),
        }
    }

    fn may_repeat(&mut self) -> bool {
        self.repetitions += u8::from(self.repetitions < u8::MAX);
        self.repetitions <= MOST_REPETITIONS
    }

    fn reorder(&mut self, items: &mut Vec<Value>, others: &[Value]) {
        let (what, place) = (self.byte() % 6, self.below(items.len()));
        match what {
            0 => drop(items.remove(place)),
            1 => items.insert(place, items[place].clone()),
            2 => items.swap(place, 0),
            3 => items.truncate(place),
            4 => items.extend(others.get(self.below(others.len())).cloned()),
            _ if self.may_repeat() => {
                let times = usize::from(self.byte()).min(MOST_REPEATED);
                items.extend(vec![items[place].clone(); times]);
            }
            _ => {}
        }
    }

    fn replace(&mut self, value: &mut Value, others: &[Value]) {
        match self.byte() % 12 {
            0 | 1 => *value = Value::Uint(self.number()),
            2 => match value {
                Value::Uint(n) => *n = n.wrapping_add(u64::from(self.byte())).wrapping_sub(128),
                Value::Bytes(bytes) => self.scratch(bytes),
                Value::Text(text) => {
                    let mut bytes = std::mem::take(text).into_bytes();
                    self.scratch(&mut bytes);
                    *text = String::from_utf8_lossy(&bytes).into_owned();
                }
                _ => *value = Value::Uint(1),
            },
            3 => match value {
                Value::Bytes(bytes) => bytes.truncate(self.place(bytes.len() + 1)),
                Value::Text(text) => *text = text.chars().take(self.below(64)).collect(),
                _ => *value = Value::Nil,
            },
            4 => match value {
                Value::Bytes(bytes) => {
                    bytes.extend_from_slice(self.take(usize::from(self.rest.first().copied().unwrap_or(1))))
                }
                Value::Text(text) if self.may_repeat() => *text = text.repeat(2 + self.below(40)),
                _ => *value = Value::Bool(true),
            },
            5 | 6 => {
                if let Some(other) = others.get(self.place(others.len())) {
                    *value = other.clone();
                }
            }
            7 => *value = Value::Nil,
            8 => *value = Value::Bool(self.byte() & 1 == 1),
            9 => {
                let n = usize::from(self.byte() % 64);
                *value = Value::Text(String::from_utf8_lossy(self.take(n)).into_owned());
            }
            10 => {
                let n = usize::from(self.byte() % 64);
                *value = Value::Bytes(self.take(n).to_vec());
            }
            _ => *value = Value::Array(vec![]),
        }
    }

    /// Change bytes that have no structure of ours (TLS presentation language, ciphertext): one to four places.
    pub fn scratch(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.byte() % 4 {
            let place = self.place(bytes.len() + 1);
            match self.byte() % 6 {
                0 => bytes.insert(place, self.byte()),
                1 if place < bytes.len() => drop(bytes.remove(place)),
                2 if place < bytes.len() => bytes[place] ^= 1 << (self.byte() % 8),
                3 if place < bytes.len() => bytes[place] = self.byte(),
                4 => {
                    let end = (place + usize::from(self.byte())).min(bytes.len());
                    let piece = bytes[place..end].to_vec();
                    let to = self.place(bytes.len() + 1);
                    bytes.splice(to..to, piece);
                }
                _ => bytes.truncate(place),
            }
        }
    }
}

/// The array that these bytes are the CBOR of, if they are of one.
fn within(bytes: &[u8]) -> Option<Value> {
    match cbor::decode(bytes) {
        Ok(item @ Item::Array(_)) => Some(to_value(&item)),
        _ => None,
    }
}

pub fn to_value(item: &Item) -> Value {
    match item {
        Item::Uint(n) => Value::Uint(*n),
        Item::Negative(n) => i64::try_from(*n).map_or(Value::Nil, |n| Value::Int(!n)),
        Item::Bytes(bytes) => Value::Bytes(bytes.clone()),
        Item::Text(text) => Value::Text(text.clone()),
        Item::Array(items) => Value::Array(items.iter().map(to_value).collect()),
        Item::Bool(is) => Value::Bool(*is),
        Item::Null => Value::Nil,
    }
}

/// A map has no CBOR here: its values stand as an array.
pub fn to_item(value: &Value) -> Item {
    match value {
        Value::Nil => Item::Null,
        Value::Bool(is) => Item::Bool(*is),
        Value::Uint(n) => Item::Uint(*n),
        Value::Int(n) => Item::Negative(!*n as u64),
        Value::Text(text) => Item::Text(text.clone()),
        Value::Bytes(bytes) => Item::Bytes(bytes.clone()),
        Value::Array(items) => Item::Array(items.iter().map(to_item).collect()),
        Value::Map(pairs) => Item::Array(pairs.iter().map(|(_, value)| to_item(value)).collect()),
    }
}

/// The fields of a value and of what stands in it, to be put into other places.
pub fn parts(of: &Value, into: &mut Vec<Value>) {
    match of {
        Value::Array(items) => items.iter().for_each(|item| parts(item, into)),
        Value::Map(pairs) => pairs.iter().for_each(|(_, value)| parts(value, into)),
        Value::Bytes(bytes) => {
            if let Some(inner) = within(bytes) {
                parts(&inner, into);
            }
            into.push(of.clone());
        }
        other => into.push(other.clone()),
    }
}

/// A frame as a value that can be edited.
pub fn frame(bytes: &[u8]) -> Value {
    pack::decode(bytes).unwrap_or(Value::Nil)
}
