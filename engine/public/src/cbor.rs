//! Deterministic CBOR (RFC 8949 section 4.2.1), the subset that everything signed, sealed or hashed is made of.
//!
//! Only unsigned and negative integers, byte and text strings, definite-length arrays, booleans and null. What is not
//! in its one canonical form does not decode, so equal values have equal bytes and a hash or signature has one meaning.

use crate::refusal::Refusal;

/// Arrays within arrays; nothing in the protocol needs more than six.
pub const MAX_DEPTH: usize = 16;

/// The bytes are not canonical CBOR of the expected shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not canonical CBOR of the expected shape")]
pub struct Malformed;

impl From<Malformed> for Refusal {
    fn from(_: Malformed) -> Self {
        Refusal::Malformed
    }
}

/// One CBOR data item. `Negative(n)` is -1 - n.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Uint(u64),
    Negative(u64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Item>),
    Bool(bool),
    Null,
}

/// An `Item::Array` of values that convert into items: `cbor![1, org, "add", Item::Null]`.
#[macro_export]
macro_rules! cbor {
    ($($x:expr),* $(,)?) => { $crate::cbor::Item::Array(vec![$($crate::cbor::Item::from($x)),*]) };
}

/// The canonical bytes of an item.
pub fn encode(item: &Item) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    write(item, &mut out);
    out
}

/// The item these bytes are the canonical encoding of; nothing may follow it.
pub fn decode(bytes: &[u8]) -> Result<Item, Malformed> {
    let (item, rest) = decode_prefix(bytes)?;
    if rest.is_empty() {
        Ok(item)
    } else {
        Err(Malformed)
    }
}

/// The item at the start of `bytes` and what follows it (for padded plaintexts).
pub fn decode_prefix(bytes: &[u8]) -> Result<(Item, &[u8]), Malformed> {
    let mut reader = Reader { rest: bytes };
    let item = reader.item(0)?;
    Ok((item, reader.rest))
}

fn write_head(major: u8, n: u64, out: &mut Vec<u8>) {
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

fn write(item: &Item, out: &mut Vec<u8>) {
    match item {
        Item::Uint(n) => write_head(0, *n, out),
        Item::Negative(n) => write_head(1, *n, out),
        Item::Bytes(bytes) => {
            write_head(2, bytes.len() as u64, out);
            out.extend_from_slice(bytes);
        }
        Item::Text(text) => {
            write_head(3, text.len() as u64, out);
            out.extend_from_slice(text.as_bytes());
        }
        Item::Array(items) => {
            write_head(4, items.len() as u64, out);
            items.iter().for_each(|item| write(item, out));
        }
        Item::Bool(false) => out.push(0xf4),
        Item::Bool(true) => out.push(0xf5),
        Item::Null => out.push(0xf6),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        if n > self.rest.len() {
            return Err(Malformed);
        }
        let (taken, rest) = self.rest.split_at(n);
        self.rest = rest;
        Ok(taken)
    }

    /// The argument of a head, in its shortest form only (section 4.2.1: "preferred serialization").
    fn argument(&mut self, low: u8) -> Result<u64, Malformed> {
        let (n, least) = match low {
            0..=23 => return Ok(u64::from(low)),
            24 => (u64::from(self.take(1)?[0]), 24),
            25 => (self.big_endian(2)?, 0x100),
            26 => (self.big_endian(4)?, 0x1_0000),
            27 => (self.big_endian(8)?, 0x1_0000_0000),
            _ => return Err(Malformed), // 28..30 are reserved, 31 is an indefinite length
        };
        if n < least {
            return Err(Malformed);
        }
        Ok(n)
    }

    fn big_endian(&mut self, bytes: usize) -> Result<u64, Malformed> {
        Ok(self.take(bytes)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn string(&mut self, low: u8) -> Result<&'a [u8], Malformed> {
        let n = self.argument(low)?;
        self.take(usize::try_from(n).map_err(|_| Malformed)?)
    }

    fn item(&mut self, depth: usize) -> Result<Item, Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed);
        }
        let head = self.take(1)?[0];
        let low = head & 0x1f;
        match head >> 5 {
            0 => Ok(Item::Uint(self.argument(low)?)),
            1 => Ok(Item::Negative(self.argument(low)?)),
            2 => Ok(Item::Bytes(self.string(low)?.to_vec())),
            3 => {
                let text = std::str::from_utf8(self.string(low)?).map_err(|_| Malformed)?;
                Ok(Item::Text(text.to_owned()))
            }
            4 => {
                let n = self.argument(low)?;
                // Every item takes a byte at least, so a length beyond the rest is a lie; it must not reserve memory.
                if n > self.rest.len() as u64 {
                    return Err(Malformed);
                }
                (0..n).map(|_| self.item(depth + 1)).collect::<Result<_, _>>().map(Item::Array)
            }
            7 if head == 0xf4 => Ok(Item::Bool(false)),
            7 if head == 0xf5 => Ok(Item::Bool(true)),
            7 if head == 0xf6 => Ok(Item::Null),
            _ => Err(Malformed),
        }
    }
}

impl Item {
    /// The elements of an array of exactly N items.
    pub fn array<const N: usize>(&self) -> Result<&[Item; N], Malformed> {
        self.list()?.try_into().map_err(|_| Malformed)
    }

    /// The elements of an array of any length.
    pub fn list(&self) -> Result<&[Item], Malformed> {
        match self {
            Item::Array(items) => Ok(items),
            _ => Err(Malformed),
        }
    }

    pub fn uint(&self) -> Result<u64, Malformed> {
        match self {
            Item::Uint(n) => Ok(*n),
            _ => Err(Malformed),
        }
    }

    pub fn bytes(&self) -> Result<&[u8], Malformed> {
        match self {
            Item::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed),
        }
    }

    /// A byte string of exactly N bytes.
    pub fn fixed<const N: usize>(&self) -> Result<[u8; N], Malformed> {
        self.bytes()?.try_into().map_err(|_| Malformed)
    }

    pub fn text(&self) -> Result<&str, Malformed> {
        match self {
            Item::Text(text) => Ok(text),
            _ => Err(Malformed),
        }
    }

    pub fn bool(&self) -> Result<bool, Malformed> {
        match self {
            Item::Bool(is) => Ok(*is),
            _ => Err(Malformed),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Item::Null)
    }

    /// None for null, otherwise what `read` makes of it: `item.or_null(Item::uint)?`.
    pub fn or_null<'a, T>(
        &'a self,
        read: impl FnOnce(&'a Item) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        if self.is_null() {
            Ok(None)
        } else {
            read(self).map(Some)
        }
    }
}

macro_rules! from_unsigned {
    ($($t:ty),*) => { $(impl From<$t> for Item {
        fn from(n: $t) -> Self { Item::Uint(n as u64) }
    })* };
}
from_unsigned!(u8, u16, u32, u64, usize);

/// So that literals work in `cbor![1, ...]`.
impl From<i32> for Item {
    fn from(n: i32) -> Self {
        if n < 0 {
            Item::Negative(!(i64::from(n)) as u64)
        } else {
            Item::Uint(n as u64)
        }
    }
}

impl From<bool> for Item {
    fn from(is: bool) -> Self {
        Item::Bool(is)
    }
}

impl From<&str> for Item {
    fn from(text: &str) -> Self {
        Item::Text(text.to_owned())
    }
}

impl From<String> for Item {
    fn from(text: String) -> Self {
        Item::Text(text)
    }
}

impl From<&String> for Item {
    fn from(text: &String) -> Self {
        Item::Text(text.clone())
    }
}

impl From<&[u8]> for Item {
    fn from(bytes: &[u8]) -> Self {
        Item::Bytes(bytes.to_vec())
    }
}

impl From<&Vec<u8>> for Item {
    fn from(bytes: &Vec<u8>) -> Self {
        Item::Bytes(bytes.clone())
    }
}

impl From<Vec<u8>> for Item {
    fn from(bytes: Vec<u8>) -> Self {
        Item::Bytes(bytes)
    }
}

impl<const N: usize> From<[u8; N]> for Item {
    fn from(bytes: [u8; N]) -> Self {
        Item::Bytes(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Item {
    fn from(bytes: &[u8; N]) -> Self {
        Item::Bytes(bytes.to_vec())
    }
}

impl From<Vec<Item>> for Item {
    fn from(items: Vec<Item>) -> Self {
        Item::Array(items)
    }
}

impl<T: Into<Item>> From<Option<T>> for Item {
    fn from(value: Option<T>) -> Self {
        value.map_or(Item::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let item = cbor![
            0,
            23,
            24,
            255,
            256,
            65_535,
            65_536u32,
            u64::MAX,
            -1,
            -500,
            "grüße",
            [7u8; 16],
            Item::Null,
            true,
            false,
            cbor![cbor![]]
        ];
        assert_eq!(decode(&encode(&item)), Ok(item));
    }

    #[test]
    fn only_the_canonical_form_decodes() {
        let refused: &[&[u8]] = &[
            b"",                                     // nothing
            b"\x18\x17",                             // 23 in two bytes
            b"\x19\x00\xff",                         // 255 in three
            b"\x1a\x00\x00\xff\xff",                 // 65,535 in five
            b"\x1b\x00\x00\x00\x00\xff\xff\xff\xff", // 2^32 - 1 in nine
            b"\x58\x01\x00",                         // a length not in its shortest form
            b"\x5f\x41\x00\xff",                     // indefinite byte string
            b"\x9f\xff",                             // indefinite array
            b"\xa0",                                 // map
            b"\xc0\x60",                             // tag
            b"\xf7",                                 // undefined
            b"\xf8\xf5",                             // simple value in two bytes
            b"\xf9\x00\x00",                         // float
            b"\x61\xff",                             // not UTF-8
            b"\x42\x00",                             // cut short
            b"\x00\x00",                             // something follows
            b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", // a length that would reserve everything
        ];
        for bytes in refused {
            assert_eq!(decode(bytes), Err(Malformed), "{bytes:02x?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let mut bytes = vec![0x81; MAX_DEPTH];
        bytes.push(0x00);
        assert!(decode(&bytes).is_ok());
        let mut bytes = vec![0x81; 100_000];
        bytes.push(0x00);
        assert_eq!(decode(&bytes), Err(Malformed));
    }

    #[test]
    fn random_bytes_never_panic_and_whatever_decodes_encodes_to_the_same_bytes() {
        use rand_core::{RngCore, SeedableRng};
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let mut decoded = 0;
        for round in 0..200_000 {
            let mut bytes = vec![0; round % 40];
            rng.fill_bytes(&mut bytes);
            if round % 2 == 0 {
                if let Some(first) = bytes.first_mut() {
                    *first = 0x80 | *first & 0x0f; // arrays are rare among random bytes
                }
            }
            if let Ok((item, rest)) = decode_prefix(&bytes) {
                decoded += 1;
                assert_eq!(encode(&item), bytes[..bytes.len() - rest.len()]);
            }
        }
        assert!(decoded > 1_000);
    }
}
