//! DevSign for messages, by ed25519-dalek: the bytes are those of `inmost_public::sign`, in about half the time.
//!
//! A page of history is 50 verifications, nearly all of its cost. Measured with examples/seal_open_bench.rs (x86-64,
//! release): libcrux takes 46 µs to sign and 57 µs to verify, ed25519-dalek 18 µs and 37 µs. Ed25519 signs
//! deterministically (RFC 8032 section 5.1.6), so both make equal signatures. Verification is strict: no small-order key
//! or R, S below the group order, and never in batches, whose equation accepts more than the single one.

use ed25519_dalek::hazmat::{raw_sign, ExpandedSecretKey};
use ed25519_dalek::{Signature, VerifyingKey};
use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::Org;
use inmost_public::sign::KeyPair;
use inmost_public::Refusal;

fn signed_bytes(label: &str, org: Org, x: Item) -> Vec<u8> {
    cbor::encode(&cbor![format!("inmost/1 {label}"), org, x])
}

/// `DevSign(label, x) = Ed25519(sk, CBOR["inmost/1 " + label, org, x])`
pub fn dev_sign(key: &KeyPair, label: &str, org: Org, x: Item) -> Result<[u8; 64], Refusal> {
    // The public key comes from the same KeyPair: signing under another one would give the secret away.
    let public = VerifyingKey::from_bytes(key.public()).map_err(|_| Refusal::BadSignature)?;
    let secret = ExpandedSecretKey::from(key.seed());
    Ok(raw_sign::<sha2::Sha512>(&secret, &signed_bytes(label, org, x), &public).to_bytes())
}

/// Refuses with BadSignature unless `signature` is DevSign(label, x) by `public`.
pub fn dev_verify(public: &[u8; 32], label: &str, org: Org, x: Item, signature: &[u8]) -> Result<(), Refusal> {
    let public = VerifyingKey::from_bytes(public).map_err(|_| Refusal::BadSignature)?;
    let signature = Signature::from_slice(signature).map_err(|_| Refusal::BadSignature)?;
    public
        .verify_strict(&signed_bytes(label, org, x), &signature)
        .map_err(|_| Refusal::BadSignature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use inmost_public::sign;

    const ORG: Org = Org([1; 16]);

    #[test]
    fn both_implementations_make_and_accept_the_same_signatures() {
        for n in 0..50u8 {
            let key = KeyPair::from_seed([n; 32]);
            let x = || cbor![n, "said"];
            let signature = dev_sign(&key, "message", ORG, x()).unwrap();
            assert_eq!(signature, sign::dev_sign(&key, "message", ORG, x()));
            assert_eq!(sign::dev_verify(key.public(), "message", ORG, x(), &signature), Ok(()));
            assert_eq!(dev_verify(key.public(), "message", ORG, x(), &signature), Ok(()));
            assert_eq!(
                dev_verify(key.public(), "entry", ORG, x(), &signature),
                Err(Refusal::BadSignature)
            );
            assert_eq!(
                dev_verify(key.public(), "message", Org([2; 16]), x(), &signature),
                Err(Refusal::BadSignature)
            );
        }
    }

    #[test]
    fn a_key_of_small_order_signs_nothing() {
        // The identity point: R = identity and S = 0 verify for it and any message unless small orders are refused.
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&identity);
        assert_eq!(
            dev_verify(&identity, "message", ORG, Item::Null, &signature),
            Err(Refusal::BadSignature)
        );
    }

    #[test]
    fn a_second_form_of_a_signature_is_refused() {
        let key = KeyPair::from_seed([7; 32]);
        let mut signature = dev_sign(&key, "message", ORG, Item::Null).unwrap();
        // S + L, little-endian, is the same number modulo the group order (RFC 8032 section 8.4).
        const L: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut carry = 0u16;
        for (byte, l) in signature[32..].iter_mut().zip(L) {
            carry += u16::from(*byte) + u16::from(l);
            *byte = carry as u8;
            carry >>= 8;
        }
        assert_eq!(
            dev_verify(key.public(), "message", ORG, Item::Null, &signature),
            Err(Refusal::BadSignature)
        );
    }
}
