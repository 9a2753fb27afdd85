//! What crosses the wire, the same frames as protocol/inmost_protocol/*.py: MessagePack arrays [tag, fields...].
//!
//! docs/protocol/frames.md has the rules, the Python structs the meaning of each field, protocol/vectors/v1/frames.json the bytes.

use inmost_public::ids::{Conversation, Device, Group, Message, Org, User};
use inmost_public::Refusal;

use crate::pack::{self, list_field, Field, Value};

/// The id of a request, and what its answer refers to.
pub type RequestId = [u8; 16];

macro_rules! array_fields {
    ($name:ident { $($field:ident: $type:ty),* }) => {
        impl $name {
            fn values(&self, out: &mut Vec<Value>) {
                $(out.push(self.$field.to_value());)*
            }

            fn from_values(values: &mut impl Iterator<Item = Value>) -> Result<Self, Refusal> {
                Ok($name { $($field: match values.next() {
                    Some(value) => <$type as Field>::from_value(value)?,
                    None => <$type as Field>::absent()?,
                }),* })
            }
        }
    };
}

macro_rules! frames {
    ($enum:ident, $doc:literal: $($tag:literal $name:ident { $($field:ident: $type:ty),* })*) => {
        $(
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $name { $(pub $field: $type),* }
            array_fields!($name { $($field: $type),* });
            impl From<$name> for $enum {
                fn from(frame: $name) -> Self {
                    $enum::$name(frame)
                }
            }
        )*

        #[doc = $doc]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $enum { $($name($name)),* }

        impl $enum {
            pub fn encode(&self) -> Vec<u8> {
                let mut values = Vec::with_capacity(8);
                match self { $($enum::$name(frame) => {
                    values.push(Value::Uint($tag));
                    frame.values(&mut values);
                })* }
                pack::encode(&Value::Array(values))
            }

            /// Further fields are ignored; unknown tags are refused.
            pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
                let Value::Array(values) = pack::decode(bytes)? else { return Err(Refusal::Malformed) };
                let mut values = values.into_iter();
                match values.next().ok_or(Refusal::Malformed)?.uint()? {
                    $($tag => $name::from_values(&mut values).map($enum::$name),)*
                    _ => Err(Refusal::Unknown),
                }
            }
        }
    };
}

/// Structs that stand inside frames, as arrays without a tag.
macro_rules! parts {
    ($($name:ident { $($field:ident: $type:ty),* })*) => { $(
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $(pub $field: $type),* }
        array_fields!($name { $($field: $type),* });
        impl Field for $name {
            fn to_value(&self) -> Value {
                let mut values = Vec::with_capacity(6);
                self.values(&mut values);
                Value::Array(values)
            }
            fn from_value(value: Value) -> Result<Self, Refusal> {
                let Value::Array(values) = value else { return Err(Refusal::Malformed) };
                Self::from_values(&mut values.into_iter())
            }
        }
        list_field!($name);
    )* };
}

parts! {
    LogItem { n: u64, kind: u8, entry: Option<Vec<u8>>, digest: Option<[u8; 32]>, at_ms: u64 }
    ConversationState { conversation: Conversation, group: Group, epoch: u64, next_n: u64, hash: [u8; 32], is_member: bool }
    WaitingWelcome { conversation: Conversation, group: Group, epoch: u64, n: u64, welcome: Vec<u8> }
}

frames! { Request, "What a device asks for.":
    1 Open { id: RequestId, token: String, protocol: u64, client: String }
    10 AppendEntry { id: RequestId, entry: Vec<u8> }
    11 FetchDirectory { id: RequestId, first: u64, limit: u64 }
    20 CreateConversation { id: RequestId, conversation: Conversation, group: Group, group_info: Vec<u8>, tree: Vec<u8> }
    21 Commit { id: RequestId, conversation: Conversation, group: Group, epoch: u64, commit: Vec<u8>, group_info: Vec<u8>, welcome: Option<Vec<u8>>, link: Option<Vec<u8>> }
    22 Propose { id: RequestId, conversation: Conversation, group: Group, epoch: u64, proposal: Vec<u8> }
    23 PutLink { id: RequestId, conversation: Conversation, epoch: u64, link: Vec<u8> }
    24 Complain { id: RequestId, conversation: Conversation, complaint: Vec<u8> }
    25 FetchLog { id: RequestId, conversation: Conversation, first: u64, limit: u64, without_messages: bool }
    26 FetchLinks { id: RequestId, conversation: Conversation, first_epoch: u64, last_epoch: u64 }
    27 FetchGroup { id: RequestId, conversation: Conversation }
    28 FetchTree { id: RequestId, conversation: Conversation, epoch: u64 }
    29 TakeWelcome { id: RequestId, conversation: Conversation }
    30 FetchOnline { id: RequestId, conversation: Conversation }
    31 Sync { id: RequestId, after: Option<Conversation> }
    40 Send { id: Message, conversation: Conversation, epoch: u64, sealed: Vec<u8> }
    41 Delete { id: RequestId, conversation: Conversation, n: u64 }
    42 PutReceipt { id: RequestId, conversation: Conversation, sealed: Vec<u8> }
    43 FetchReceipts { id: RequestId, conversation: Conversation }
    44 Signal { id: RequestId, conversation: Conversation, sealed: Vec<u8> }
    50 PublishKeyPackages { id: RequestId, packages: Vec<Vec<u8>>, last_resort: Option<Vec<u8>> }
    51 ClaimKeyPackages { id: RequestId, users: Vec<User> }
    52 PutVault { id: RequestId, vault: Vec<u8>, entry: Vec<u8> }
    53 PutVaultRows { id: RequestId, rows: Vec<(Conversation, Vec<u8>)> }
    54 FetchVault { id: RequestId, after: Option<Conversation> }
}

frames! { Told, "What a server tells: answers to a request `re`, and events.":
    100 Done { re: RequestId }
    101 Opened { re: RequestId, org: Org, user: User, device: Device, session: String, now_ms: u64 }
    102 Refused { re: RequestId, code: String, words: String, retry_after_ms: Option<u64>, current_epoch: Option<u64> }
    110 Appended { re: RequestId, n: u64 }
    111 DirectoryPage { re: RequestId, first: u64, entries: Vec<Vec<u8>>, next_n: u64 }
    120 Accepted { re: RequestId, conversation: Conversation, n: u64, at_ms: u64 }
    121 LogPage { re: RequestId, conversation: Conversation, first: u64, hash_before: [u8; 32], items: Vec<LogItem>, next_n: u64 }
    122 Links { re: RequestId, conversation: Conversation, links: Vec<(u64, u64, Vec<u8>)> }
    123 GroupNow { re: RequestId, conversation: Conversation, group: Group, epoch: u64, group_info: Vec<u8>, tree: Vec<u8>, n: u64, hash: [u8; 32] }
    124 Tree { re: RequestId, conversation: Conversation, epoch: u64, tree: Vec<u8>, n: u64, hash: [u8; 32] }
    125 Online { re: RequestId, conversation: Conversation, devices: Vec<Device> }
    126 Synced { re: RequestId, conversations: Vec<ConversationState>, welcomes: Vec<WaitingWelcome>, directory_next_n: u64, key_packages: u64, more: bool, now_ms: u64 }
    140 Receipts { re: RequestId, conversation: Conversation, receipts: Vec<(Device, Vec<u8>)> }
    150 Published { re: RequestId, count: u64 }
    151 KeyPackages { re: RequestId, packages: Vec<(User, Device, Vec<u8>)> }
    152 Vault { re: RequestId, vault: Option<Vec<u8>>, rows: Vec<(Conversation, Vec<u8>)>, more: bool }
    160 Goodbye { code: String, words: String }
    161 DirectoryItem { n: u64, entry: Vec<u8> }
    162 Item { conversation: Conversation, n: u64, kind: u8, entry: Vec<u8>, at_ms: u64 }
    163 Welcomed { conversation: Conversation, group: Group, epoch: u64, n: u64, welcome: Vec<u8> }
    164 Deleted { conversation: Conversation, n: u64 }
    165 Receipt { conversation: Conversation, device: Device, sealed: Vec<u8> }
    166 Signalled { conversation: Conversation, device: Device, sealed: Vec<u8> }
    167 KeyPackagesLow { count: u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every frame of protocol/vectors/v1/frames.json, written by Python, is read here and written again as the same bytes.
    #[test]
    fn rust_reads_and_writes_the_bytes_that_python_wrote() {
        let text = include_str!("../../../protocol/vectors/v1/frames.json");
        let mut seen = 0;
        for line in text.lines() {
            let Some((name, hex)) = vector(line) else { continue };
            let bytes: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect();
            let again = match Request::decode(&bytes) {
                Ok(request) => request.encode(),
                Err(_) => Told::decode(&bytes)
                    .unwrap_or_else(|refusal| panic!("{name}: {refusal}"))
                    .encode(),
            };
            assert_eq!(again, bytes, "{name}");
            seen += 1;
        }
        assert!(seen >= 49, "only {seen} frames");
    }

    /// One line of the file: `"Send/full": "c7...",`
    fn vector(line: &str) -> Option<(&str, &str)> {
        let (name, hex) = line.trim().trim_end_matches(',').split_once(": ")?;
        let hex = hex.trim_matches('"');
        hex.bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then_some((name.trim_matches('"'), hex))
            .filter(|(_, hex)| !hex.is_empty())
    }

    #[test]
    fn further_fields_are_ignored_and_missing_optional_ones_are_nothing() {
        let refused = pack::encode(&Value::Array(vec![
            Value::Uint(102),
            [1u8; 16].to_value(),
            "SlowDown".to_value(),
            "later".to_value(),
        ]));
        let Ok(Told::Refused(refused)) = Told::decode(&refused) else {
            panic!("not read")
        };
        assert_eq!((refused.retry_after_ms, refused.current_epoch), (None, None));
        let done = pack::encode(&Value::Array(vec![
            Value::Uint(100),
            [1u8; 16].to_value(),
            Value::Uint(9),
        ]));
        assert!(Told::decode(&done).is_ok());
        assert_eq!(
            Told::decode(&pack::encode(&Value::Array(vec![Value::Uint(199)]))),
            Err(Refusal::Unknown)
        );
    }
}
