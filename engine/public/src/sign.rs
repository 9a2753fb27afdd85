//! Signatures: Ed25519 over labelled CBOR (docs/protocol/README.md), and the key pairs that make them.
//!
//! One label is one meaning, so no signature made for one purpose verifies for another, nor one of another organisation.

use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::types::SignatureScheme;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::cbor::{self, Item};
use crate::ids::Org;
use crate::refusal::Refusal;

pub const SIGNATURE_BYTES: usize = 64;

/// An Ed25519 key pair. The secret is the 32-byte seed of RFC 8032; it is wiped when dropped and never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct KeyPair {
    seed: [u8; 32],
    #[zeroize(skip)]
    public: [u8; 32],
}

impl KeyPair {
    /// The key pair of a seed of 32 random bytes.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let mut public = [0; 32];
        libcrux_ed25519::secret_to_public(&mut public, &seed);
        KeyPair { seed, public }
    }

    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The secret, to be persisted encrypted.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Ed25519 over bytes as they are. Only for DevSign and MLS, which label what they sign.
    fn sign_bytes(&self, bytes: &[u8]) -> Result<[u8; 64], Refusal> {
        libcrux_ed25519::sign(bytes, &self.seed).map_err(|_| Refusal::TooLarge)
    }
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyPair(public {:02x?})", &self.public[..4])
    }
}

/// MLS signs with the same key, under its own labels (RFC 9420 section 5.1.2: "MLS 1.0 ").
impl Signer for KeyPair {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        self.sign_bytes(payload).map(|signature| signature.to_vec()).map_err(|_| SignerError::SigningError)
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

fn signed_bytes(label: &str, org: Org, x: Item) -> Vec<u8> {
    cbor::encode(&crate::cbor![format!("inmost/1 {label}"), org, x])
}

/// `DevSign(label, x) = Ed25519(sk, CBOR["inmost/1 " + label, org, x])`
pub fn dev_sign(key: &KeyPair, label: &str, org: Org, x: Item) -> [u8; 64] {
    // Signing fails only beyond 4 GiB, which no item built here reaches; zeros verify for nobody.
    key.sign_bytes(&signed_bytes(label, org, x)).unwrap_or([0; 64])
}

/// Refuses with BadSignature unless `signature` is DevSign(label, x) by `public`.
pub fn dev_verify(public: &[u8; 32], label: &str, org: Org, x: Item, signature: &[u8]) -> Result<(), Refusal> {
    let signature: &[u8; 64] = signature.try_into().map_err(|_| Refusal::BadSignature)?;
    libcrux_ed25519::verify(&signed_bytes(label, org, x), public, signature).map_err(|_| Refusal::BadSignature)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: Org = Org([1; 16]);

    #[test]
    fn a_signature_verifies_for_its_key_label_organisation_and_content_only() {
        let key = KeyPair::from_seed([7; 32]);
        let signature = dev_sign(&key, "message", ORG, Item::Uint(1));
        let verify = |public: &[u8; 32], label, org, x| dev_verify(public, label, org, Item::Uint(x), &signature);
        assert_eq!(verify(key.public(), "message", ORG, 1), Ok(()));
        let other = KeyPair::from_seed([8; 32]);
        for refused in [
            verify(other.public(), "message", ORG, 1),
            verify(key.public(), "entry", ORG, 1),
            verify(key.public(), "message", Org([2; 16]), 1),
            verify(key.public(), "message", ORG, 2),
            dev_verify(key.public(), "message", ORG, Item::Uint(1), &signature[..63]),
        ] {
            assert_eq!(refused, Err(Refusal::BadSignature));
        }
    }

    #[test]
    fn the_public_key_is_the_one_of_rfc_8032() {
        // RFC 8032 section 7.1, test 2
        let seed = [
            0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a,
            0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb,
        ];
        assert_eq!(KeyPair::from_seed(seed).public()[..8], [0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a]);
    }
}
