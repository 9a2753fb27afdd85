//! Marks: what a person's devices tell each other in the personal group (docs/protocol/messages.md).
//!
//! A mark is a register, named by (name, key); of several the one said last in the log counts, of read positions the
//! highest. Names that this version does not know are kept as they are, so that a snapshot by it loses nothing.

use inmost_public::cbor::{self, Item};
use inmost_public::Refusal;

use crate::content::check_text;

/// In one message.
pub const MAX_MARKS: usize = 1_000;
pub const MAX_MARK_NAME_BYTES: usize = 32;
pub const MAX_MARK_KEY_BYTES: usize = 64;

/// Read up to a log number. Key: a conversation.
pub const READ: &str = "read";
/// A text begun and not sent; empty for none. Key: a conversation.
pub const DRAFT: &str = "draft";
/// At the top of the person's own list. Key: a conversation.
pub const PIN: &str = "pin";
/// No sound and no notice. Key: a conversation.
pub const MUTE: &str = "mute";
/// The safety number was compared when the user's chain ended in this hash. Key: a user.
pub const VERIFIED: &str = "verified";

const CONVERSATION_BYTES: usize = 16;
const USER_BYTES: usize = 32;
const HASH_BYTES: usize = 32;

/// `[name, key, value, n]`; n: where in the log it was said first, null when it is said here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub name: String,
    pub key: Vec<u8>,
    pub value: Item,
    pub said_n: Option<u64>,
}

impl Mark {
    pub fn to_item(&self) -> Item {
        let Mark {
            name,
            key,
            value,
            said_n,
        } = self;
        inmost_public::cbor![name, key, value.clone(), *said_n]
    }

    pub fn from_item(item: &Item) -> Result<Self, Refusal> {
        let [name, key, value, said_n] = item.array()?;
        let mark = Mark {
            name: name.text()?.to_owned(),
            key: key.bytes()?.to_vec(),
            value: value.clone(),
            said_n: said_n.or_null(Item::uint)?,
        };
        mark.check()?;
        Ok(mark)
    }

    /// Malformed for a known name with another shape, TooLarge for a limit.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.name.len() > MAX_MARK_NAME_BYTES || self.key.len() > MAX_MARK_KEY_BYTES {
            return Err(Refusal::TooLarge);
        }
        let key_bytes = match self.name.as_str() {
            READ => {
                self.value.uint()?;
                CONVERSATION_BYTES
            }
            DRAFT => {
                check_text(self.value.text()?)?;
                CONVERSATION_BYTES
            }
            PIN | MUTE => {
                self.value.bool()?;
                CONVERSATION_BYTES
            }
            VERIFIED => {
                self.value.fixed::<HASH_BYTES>()?;
                USER_BYTES
            }
            _ => return Ok(()),
        };
        if self.key.len() == key_bytes {
            Ok(())
        } else {
            Err(Refusal::Malformed)
        }
    }

    /// Bytes it takes in a message, to fill messages and not overfill them.
    pub fn encoded_bytes(&self) -> usize {
        cbor::encode(&self.to_item()).len()
    }
}
