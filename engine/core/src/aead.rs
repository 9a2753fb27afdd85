//! ChaCha20-Poly1305 (RFC 8439) over bytes, by the same formally verified code that MLS uses here.

use inmost_public::Refusal;
use libcrux_chacha20poly1305::{decrypt, encrypt};

pub use libcrux_chacha20poly1305::{KEY_LEN as KEY_BYTES, NONCE_LEN as NONCE_BYTES, TAG_LEN as TAG_BYTES};

/// Ciphertext and tag of `plaintext`. Every (key, nonce) must be used for one plaintext only.
pub fn seal(
    key: &[u8; KEY_BYTES],
    nonce: &[u8; NONCE_BYTES],
    plaintext: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let mut ciphertext = vec![0; plaintext.len() + TAG_BYTES];
    encrypt(key, plaintext, &mut ciphertext, aad, nonce).map_err(|_| Refusal::TooLarge)?;
    Ok(ciphertext)
}

/// The plaintext, or Corrupt when the tag does not match key, nonce, ciphertext and associated data.
pub fn open(
    key: &[u8; KEY_BYTES],
    nonce: &[u8; NONCE_BYTES],
    ciphertext: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let len = ciphertext.len().checked_sub(TAG_BYTES).ok_or(Refusal::Corrupt)?;
    let mut plaintext = vec![0; len];
    decrypt(key, &mut plaintext, ciphertext, aad, nonce).map_err(|_| Refusal::Corrupt)?;
    Ok(plaintext)
}
