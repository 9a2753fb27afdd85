//! The secrets that content hangs on, each its own type, and what is derived from them. All are wiped when dropped.

use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use inmost_public::ids::Group;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::aead::{KEY_BYTES, NONCE_BYTES};

/// The label of `C_e = MLS-Exporter(CONTENT_LABEL, conversation, SECRET_BYTES)`.
pub const CONTENT_LABEL: &str = "inmost/1 content";
/// The label of `H_e = MLS-Exporter(HISTORY_LABEL, conversation, SECRET_BYTES)`.
pub const HISTORY_LABEL: &str = "inmost/1 history";
pub const SECRET_BYTES: usize = 32;
pub const SALT_BYTES: usize = 16;
pub const COMMITMENT_BYTES: usize = 32;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; SECRET_BYTES]);

        impl $name {
            pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
                Self(bytes)
            }

            /// The secret itself, to be sealed or persisted encrypted.
            pub fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
                &self.0
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = inmost_public::Refusal;
            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                bytes.try_into().map(Self).map_err(|_| inmost_public::Refusal::Malformed)
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
            }
        }

        impl Eq for $name {}

        /// Never the bytes: debug output ends in logs.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

secret!(
    /// C_e: opens the messages of epoch e, and nothing else.
    ContentKey
);
secret!(
    /// H_e: opens the history link of epoch e, and nothing else.
    HistoryKey
);
secret!(
    /// A device's own secret that salts are made with, so that a weak random source alone repeats no key.
    DeviceSeed
);

/// What one message is sealed with.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MessageKeys {
    pub key: [u8; KEY_BYTES],
    pub nonce: [u8; NONCE_BYTES],
    pub commitment: [u8; COMMITMENT_BYTES],
}

impl ContentKey {
    /// `key || nonce || com = HKDF-Expand(C_e, "inmost/1 message" || SHA-256(hdr), 76)`
    pub fn message_keys(&self, hdr_hash: &[u8; 32]) -> MessageKeys {
        let mut okm = [0; KEY_BYTES + NONCE_BYTES + COMMITMENT_BYTES];
        expand(&self.0, &[b"inmost/1 message", hdr_hash], &mut okm);
        let keys = MessageKeys {
            key: part(&okm, 0),
            nonce: part(&okm, KEY_BYTES),
            commitment: part(&okm, KEY_BYTES + NONCE_BYTES),
        };
        okm.zeroize();
        keys
    }
}

/// What one history link is sealed with; the nonce is made of `nonce_key` and the plaintext.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct LinkKeys {
    pub key: [u8; KEY_BYTES],
    pub nonce_key: [u8; 32],
}

impl HistoryKey {
    /// `k || kn = HKDF-Expand(H_e, "inmost/1 link" || group || u64(e), 64)`
    pub fn link_keys(&self, group: Group, epoch: u64) -> LinkKeys {
        let mut okm = [0; KEY_BYTES + 32];
        expand(&self.0, &[b"inmost/1 link", &group.0, &epoch.to_be_bytes()], &mut okm);
        let keys = LinkKeys {
            key: part(&okm, 0),
            nonce_key: part(&okm, KEY_BYTES),
        };
        okm.zeroize();
        keys
    }
}

impl DeviceSeed {
    /// `salt = HMAC-SHA-256(device seed, random(32) || SHA-256(content))[..16]`
    pub fn salt(&self, random: &[u8; 32], content_hash: &[u8; 32]) -> [u8; SALT_BYTES] {
        part(&hmac_sha256(&self.0, &[random, content_hash]), 0)
    }
}

/// HMAC-SHA-256 (RFC 2104) over the concatenation of `parts`.
pub(crate) fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // Shorter than SHA-256's block, a key is padded with zeros (RFC 2104 section 2); filling the block here leaves no error case.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into());
    block.zeroize();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// HKDF-Expand (RFC 5869 section 2.3) with SHA-256; the secrets here are uniform already, so nothing is extracted first.
pub(crate) fn expand(prk: &[u8; 32], info: &[&[u8]], okm: &mut [u8]) {
    // Both fail only for lengths that do not occur: a key shorter than a hash, or more than 255 hashes of output.
    Hkdf::<Sha256>::from_prk(prk)
        .expect("a key as long as the hash")
        .expand_multi_info(info, okm)
        .expect("output of a few hashes");
}

/// HKDF-Extract (RFC 5869 section 2.2) with SHA-256.
pub(crate) fn extract(salt: &[u8], ikm: &[u8]) -> [u8; 32] {
    Hkdf::<Sha256>::extract(Some(salt), ikm).0.into()
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut taken = [0; N];
    taken.copy_from_slice(&bytes[at..at + N]);
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", ContentKey::from_bytes([0xab; 32])), "ContentKey(..)");
    }

    #[test]
    fn hmac_is_the_one_of_rfc_4231() {
        // RFC 4231 section 4.2 with its 20-byte key; zeros behind it are the padding HMAC adds anyway.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            hmac_sha256(&key, &[b"Hi ", b"There"])[..8],
            [0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53]
        );
    }

    #[test]
    fn a_salt_repeats_only_for_the_same_random_and_content() {
        let seed = DeviceSeed::from_bytes([1; 32]);
        let salt = seed.salt(&[2; 32], &[3; 32]);
        assert_eq!(salt, seed.salt(&[2; 32], &[3; 32]));
        assert_ne!(
            salt,
            seed.salt(&[2; 32], &[4; 32]),
            "a broken random source still gives another key to other content"
        );
        assert_ne!(salt, seed.salt(&[9; 32], &[3; 32]));
        assert_ne!(salt, DeviceSeed::from_bytes([9; 32]).salt(&[2; 32], &[3; 32]));
    }
}
