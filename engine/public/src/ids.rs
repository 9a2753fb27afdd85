//! Names of things: fixed-length ids that cannot be mixed up, and how they are derived (docs/protocol/README.md).

use std::fmt;

use sha2::{Digest, Sha256};

use crate::cbor::{Item, Malformed};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            pub const LEN: usize = $len;

            pub fn from_slice(bytes: &[u8]) -> Result<Self, Malformed> {
                bytes.try_into().map($name).map_err(|_| Malformed)
            }

            pub fn from_item(item: &Item) -> Result<Self, Malformed> {
                item.fixed().map($name)
            }

            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "("))?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                write!(f, ")")
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = Malformed;
            fn try_from(bytes: &[u8]) -> Result<Self, Malformed> {
                Self::from_slice(bytes)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        /// As bytes, in rows that the engine keeps for itself.
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let bytes = <serde_bytes::ByteBuf as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_slice(&bytes).map_err(serde::de::Error::custom)
            }
        }

        impl From<$name> for Item {
            fn from(id: $name) -> Item {
                Item::Bytes(id.0.to_vec())
            }
        }

        impl From<&$name> for Item {
            fn from(id: &$name) -> Item {
                Item::Bytes(id.0.to_vec())
            }
        }
    };
}

id!(
    /// An organisation: 16 random bytes, made by its server at first start.
    Org, 16
);
id!(
    /// A person or bot: the hash of the first entry of its chain.
    User, 32
);
id!(
    /// A device: the hash of its two public keys.
    Device, 16
);
id!(Conversation, 16);
id!(
    /// An MLS group; a conversation that has to start anew gets a new one.
    Group, 16
);
id!(
    /// A message: 16 random bytes chosen by its device.
    Message, 16
);
id!(Invitation, 16);

/// SHA-256 of the concatenation of `parts`.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

fn short(hash: [u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id
}

/// `SHA-256("inmost/1 device" || sig_public || auth_public)[..16]`
pub fn device_id(sig_public: &[u8; 32], auth_public: &[u8; 32]) -> Device {
    Device(short(sha256(&[b"inmost/1 device", sig_public, auth_public])))
}

/// The key id of a recovery key: `SHA-256("inmost/1 recovery" || sign_public)[..16]`
pub fn recovery_id(sign_public: &[u8; 32]) -> [u8; 16] {
    short(sha256(&[b"inmost/1 recovery", sign_public]))
}

/// What stands for a passkey in its person's chain: `SHA-256("inmost/1 passkey" || credential id)[..16]`
pub fn passkey_id(credential: &[u8]) -> [u8; 16] {
    short(sha256(&[b"inmost/1 passkey", credential]))
}

/// The conversation id of the general channel.
pub fn general_conversation(org: Org) -> Conversation {
    Conversation(short(sha256(&[b"inmost/1 general", &org.0])))
}

/// The conversation id of a person's personal group.
pub fn personal_conversation(org: Org, user: User) -> Conversation {
    Conversation(short(sha256(&[b"inmost/1 personal", &org.0, &user.0])))
}

/// A number and the hash after it: a head of the directory (n, D_n) or of a log (n, h_n).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    pub n: u64,
    pub hash: [u8; 32],
}

impl Head {
    /// From `CBOR[n, hash]`.
    pub fn from_item(item: &Item) -> Result<Self, Malformed> {
        let [n, hash] = item.array()?;
        Ok(Head { n: n.uint()?, hash: hash.fixed()? })
    }
}

impl From<Head> for Item {
    fn from(head: Head) -> Item {
        crate::cbor![head.n, head.hash]
    }
}
