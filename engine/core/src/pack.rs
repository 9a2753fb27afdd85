//! MessagePack, the subset that frames, inputs and effects are made of: every value in its shortest form, no extensions, no floats.

use std::collections::BTreeMap;

use inmost_public::ids::{Conversation, Device, Group, Invitation, Message, Org, User};
use inmost_public::Refusal;

/// Arrays within arrays; no frame needs more than four.
const MAX_DEPTH: usize = 16;

/// The largest number that frames, inputs and effects count by (2^63 - 1): what the server's database keeps.
const MAX_NUMBER: u64 = i64::MAX as u64;

/// One MessagePack value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Nil,
    Bool(bool),
    Uint(u64),
    /// Always below zero.
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
}

/// The bytes of a value, the same that msgspec writes.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    write(value, &mut out);
    out
}

/// The value of these bytes; nothing may follow it.
pub fn decode(bytes: &[u8]) -> Result<Value, Refusal> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(0)?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(Refusal::Malformed)
    }
}

fn head(out: &mut Vec<u8>, n: usize, fix: Option<(u8, usize)>, wide: [u8; 3]) {
    match (n, fix) {
        (n, Some((base, below))) if n < below => out.push(base | n as u8),
        (0..=0xff, _) if wide[0] != 0 => out.extend_from_slice(&[wide[0], n as u8]),
        (0..=0xffff, _) => {
            out.push(wide[1]);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        _ => {
            out.push(wide[2]);
            out.extend_from_slice(&(n as u32).to_be_bytes());
        }
    }
}

fn write_uint(n: u64, out: &mut Vec<u8>) {
    match n {
        0..=0x7f => out.push(n as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, n as u8]),
        0x100..=0xffff => {
            out.push(0xcd);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xce);
            out.extend_from_slice(&(n as u32).to_be_bytes());
        }
        _ => {
            out.push(0xcf);
            out.extend_from_slice(&n.to_be_bytes());
        }
    }
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Nil => out.push(0xc0),
        Value::Bool(is) => out.push(0xc2 | u8::from(*is)),
        Value::Uint(n) => write_uint(*n, out),
        Value::Int(n) => {
            out.push(0xd3);
            out.extend_from_slice(&n.to_be_bytes());
        }
        Value::Text(text) => {
            head(out, text.len(), Some((0xa0, 32)), [0xd9, 0xda, 0xdb]);
            out.extend_from_slice(text.as_bytes());
        }
        Value::Bytes(bytes) => {
            head(out, bytes.len(), None, [0xc4, 0xc5, 0xc6]);
            out.extend_from_slice(bytes);
        }
        Value::Array(items) => {
            head(out, items.len(), Some((0x90, 16)), [0, 0xdc, 0xdd]);
            items.iter().for_each(|item| write(item, out));
        }
        Value::Map(pairs) => {
            head(out, pairs.len(), Some((0x80, 16)), [0, 0xde, 0xdf]);
            for (key, value) in pairs {
                write(key, out);
                write(value, out);
            }
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Refusal> {
        if n > self.rest.len() {
            return Err(Refusal::Malformed);
        }
        let (taken, rest) = self.rest.split_at(n);
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self, bytes: usize) -> Result<u64, Refusal> {
        Ok(self.take(bytes)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn text(&mut self, n: u64) -> Result<Value, Refusal> {
        let bytes = self.take(usize::try_from(n).map_err(|_| Refusal::Malformed)?)?;
        std::str::from_utf8(bytes)
            .map(|text| Value::Text(text.to_owned()))
            .map_err(|_| Refusal::Malformed)
    }

    fn bytes(&mut self, width: usize) -> Result<Value, Refusal> {
        let n = self.number(width)? as usize;
        Ok(Value::Bytes(self.take(n)?.to_vec()))
    }

    fn array(&mut self, n: u64, depth: usize) -> Result<Value, Refusal> {
        if n > self.rest.len() as u64 {
            return Err(Refusal::Malformed); // a length that would reserve memory for nothing
        }
        (0..n)
            .map(|_| self.value(depth + 1))
            .collect::<Result<_, _>>()
            .map(Value::Array)
    }

    fn map(&mut self, n: u64, depth: usize) -> Result<Value, Refusal> {
        if n > self.rest.len() as u64 {
            return Err(Refusal::Malformed);
        }
        (0..n)
            .map(|_| Ok((self.value(depth + 1)?, self.value(depth + 1)?)))
            .collect::<Result<_, _>>()
            .map(Value::Map)
    }

    fn signed(&mut self, width: usize) -> Result<Value, Refusal> {
        let shift = 64 - 8 * width as u32;
        let n = ((self.number(width)? << shift) as i64) >> shift;
        Ok(u64::try_from(n).map_or(Value::Int(n), Value::Uint))
    }

    fn value(&mut self, depth: usize) -> Result<Value, Refusal> {
        if depth > MAX_DEPTH {
            return Err(Refusal::Malformed);
        }
        let first = self.take(1)?[0];
        match first {
            0x00..=0x7f => Ok(Value::Uint(u64::from(first))),
            0x80..=0x8f => self.map(u64::from(first & 0x0f), depth),
            0x90..=0x9f => self.array(u64::from(first & 0x0f), depth),
            0xa0..=0xbf => self.text(u64::from(first & 0x1f)),
            0xc0 => Ok(Value::Nil),
            0xc2 | 0xc3 => Ok(Value::Bool(first == 0xc3)),
            0xc4..=0xc6 => self.bytes(1 << (first - 0xc4)),
            0xcc..=0xcf => Ok(Value::Uint(self.number(1 << (first - 0xcc))?)),
            0xd0..=0xd3 => self.signed(1 << (first - 0xd0)),
            0xd9..=0xdb => {
                let n = self.number(1 << (first - 0xd9))?;
                self.text(n)
            }
            0xdc | 0xdd => {
                let n = self.number(2 << (first - 0xdc))?;
                self.array(n, depth)
            }
            0xde | 0xdf => {
                let n = self.number(2 << (first - 0xde))?;
                self.map(n, depth)
            }
            0xe0..=0xff => Ok(Value::Int(i64::from(first as i8))),
            _ => Err(Refusal::Malformed),
        }
    }
}

impl Value {
    /// A number up to MAX_NUMBER: one can be added to it.
    pub fn uint(&self) -> Result<u64, Refusal> {
        match self {
            Value::Uint(n) if *n <= MAX_NUMBER => Ok(*n),
            _ => Err(Refusal::Malformed),
        }
    }

    pub fn text(&self) -> Result<&str, Refusal> {
        match self {
            Value::Text(text) => Ok(text),
            _ => Err(Refusal::Malformed),
        }
    }

    pub fn bytes(&self) -> Result<&[u8], Refusal> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Refusal::Malformed),
        }
    }

    pub fn list(&self) -> Result<&[Value], Refusal> {
        match self {
            Value::Array(items) => Ok(items),
            _ => Err(Refusal::Malformed),
        }
    }

    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// The value of a key in a map; nil where it is not there.
    pub fn get(&self, key: &str) -> &Value {
        const NIL: &Value = &Value::Nil;
        match self {
            Value::Map(pairs) => pairs
                .iter()
                .find(|(name, _)| matches!(name, Value::Text(name) if name == key))
                .map_or(NIL, |(_, value)| value),
            _ => NIL,
        }
    }

    /// A field of a map, as what the caller needs it to be.
    pub fn field<T: Field>(&self, key: &str) -> Result<T, Refusal> {
        T::from_value(self.get(key).clone())
    }
}

/// A map with text keys: `map! {"n" => 5, "id" => id}`.
#[macro_export]
macro_rules! map {
    ($($key:expr => $value:expr),* $(,)?) => {
        $crate::pack::Value::Map(vec![$(($crate::pack::Value::Text($key.to_string()), $crate::pack::Field::to_value(&$value))),*])
    };
}

/// What a field of a frame, an input or an effect can be.
pub trait Field: Sized {
    fn to_value(&self) -> Value;
    fn from_value(value: Value) -> Result<Self, Refusal>;
    /// What a field that an older sender leaves out is taken for; only the optional ones have that.
    fn absent() -> Result<Self, Refusal> {
        Err(Refusal::Malformed)
    }
}

impl Field for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
    fn from_value(value: Value) -> Result<Self, Refusal> {
        Ok(value)
    }
}

impl Field for u64 {
    fn to_value(&self) -> Value {
        Value::Uint(*self)
    }
    fn from_value(value: Value) -> Result<Self, Refusal> {
        value.uint()
    }
}

impl Field for u8 {
    fn to_value(&self) -> Value {
        Value::Uint(u64::from(*self))
    }
    fn from_value(value: Value) -> Result<Self, Refusal> {
        u8::try_from(value.uint()?).map_err(|_| Refusal::Malformed)
    }
}

impl Field for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
    fn from_value(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Bool(is) => Ok(is),
            _ => Err(Refusal::Malformed),
        }
    }
}

impl Field for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
    fn from_value(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Text(text) => Ok(text),
            _ => Err(Refusal::Malformed),
        }
    }
}

impl Field for &str {
    fn to_value(&self) -> Value {
        Value::Text((*self).to_owned())
    }
    fn from_value(_: Value) -> Result<Self, Refusal> {
        Err(Refusal::Malformed) // borrowed text is only written
    }
}

/// Byte strings. `Vec<u8>` is always bytes; lists of small numbers do not occur.
impl Field for Vec<u8> {
    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }
    fn from_value(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Refusal::Malformed),
        }
    }
}

impl<const N: usize> Field for [u8; N] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
    fn from_value(value: Value) -> Result<Self, Refusal> {
        value.bytes()?.try_into().map_err(|_| Refusal::Malformed)
    }
}

macro_rules! id_fields {
    ($($id:ident),*) => { $(
        impl Field for $id {
            fn to_value(&self) -> Value {
                Value::Bytes(self.0.to_vec())
            }
            fn from_value(value: Value) -> Result<Self, Refusal> {
                $id::from_slice(value.bytes()?).map_err(|_| Refusal::Malformed)
            }
        }
        list_field!($id);
    )* };
}

macro_rules! list_field {
    ($item:ty) => {
        impl Field for Vec<$item> {
            fn to_value(&self) -> Value {
                Value::Array(self.iter().map(Field::to_value).collect())
            }
            fn from_value(value: Value) -> Result<Self, Refusal> {
                match value {
                    Value::Array(items) => items.into_iter().map(Field::from_value).collect(),
                    _ => Err(Refusal::Malformed),
                }
            }
        }
    };
}
pub(crate) use list_field;

id_fields!(Org, User, Device, Conversation, Group, Message, Invitation);
list_field!(Vec<u8>);
list_field!(Value);
list_field!(u64);
list_field!(String);
list_field!((Vec<u8>, Vec<u8>));
list_field!((Device, Vec<u8>));
list_field!((Conversation, Vec<u8>));
list_field!((User, Device, Vec<u8>));
list_field!((u64, u64, Vec<u8>));

impl<T: Field> Field for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Nil, Field::to_value)
    }
    fn from_value(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Nil => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
    fn absent() -> Result<Self, Refusal> {
        Ok(None)
    }
}

macro_rules! tuple_field {
    ($($name:ident $at:tt),*) => {
        impl<$($name: Field),*> Field for ($($name,)*) {
            fn to_value(&self) -> Value {
                Value::Array(vec![$(self.$at.to_value()),*])
            }
            fn from_value(value: Value) -> Result<Self, Refusal> {
                let Value::Array(items) = value else { return Err(Refusal::Malformed) };
                let mut items = items.into_iter();
                Ok(($($name::from_value(items.next().ok_or(Refusal::Malformed)?)?,)*))
            }
        }
    };
}
tuple_field!(A 0, B 1);
tuple_field!(A 0, B 1, C 2);

impl Field for BTreeMap<String, Value> {
    fn to_value(&self) -> Value {
        Value::Map(
            self.iter()
                .map(|(key, value)| (Value::Text(key.clone()), value.clone()))
                .collect(),
        )
    }
    fn from_value(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Map(pairs) => pairs
                .into_iter()
                .map(|(key, value)| Ok((String::from_value(key)?, value)))
                .collect(),
            _ => Err(Refusal::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let long = "ü".repeat(200);
        let value = Value::Array(vec![
            Value::Nil,
            Value::Bool(true),
            Value::Uint(0),
            Value::Uint(127),
            Value::Uint(128),
            Value::Uint(65_536),
            Value::Uint(u64::MAX),
            Value::Int(-1),
            Value::Text(long),
            Value::Bytes(vec![7; 70_000]),
            Value::Array(vec![Value::Nil; 40]),
            map! {"a" => 1u64, "b" => "c"},
        ]);
        assert_eq!(decode(&encode(&value)), Ok(value));
    }

    #[test]
    fn a_number_that_could_wrap_is_no_number() {
        assert_eq!(Value::Uint(MAX_NUMBER).uint(), Ok(MAX_NUMBER));
        assert_eq!(Value::Uint(MAX_NUMBER + 1).uint(), Err(Refusal::Malformed));
    }

    #[test]
    fn bytes_that_are_no_value_are_refused() {
        for bytes in [
            &b""[..],
            b"\xc1",
            b"\xc6\xff\xff\xff\xff",
            b"\xdd\xff\xff\xff\xff",
            b"\x00\x00",
            b"\xa1\xff",
            b"\xca\0\0\0\0",
        ] {
            assert_eq!(decode(bytes), Err(Refusal::Malformed), "{bytes:02x?}");
        }
        assert_eq!(decode(&[0x91; 100_000]), Err(Refusal::Malformed));
    }
}
