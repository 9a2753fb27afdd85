//! The recovery key, 128 random bits a person writes down; what a passkey's PRF gives; and the paper devices' keys that come of either
//! (docs/protocol/vault.md).

use inmost_public::ids::{recovery_id, sha256, Org};
use inmost_public::sign::KeyPair;
use inmost_public::Refusal;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::{HpkeAeadType, HpkeConfig, HpkeKdfType, HpkeKemType};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::keys::{expand, extract};

/// What seals to a paper device: HPKE (RFC 9180) with X-Wing, the suite of MLS here.
pub const HPKE: HpkeConfig = HpkeConfig(
    HpkeKemType::XWingKemDraft6,
    HpkeKdfType::HkdfSha256,
    HpkeAeadType::ChaCha20Poly1305,
);

pub const KEY_BYTES: usize = 16;
pub const XWING_PUBLIC_BYTES: usize = 1216;
/// 26 characters carry the key's 128 bits; the check byte fills up to 28.
const TEXT_CHARS: usize = 28;
const GROUP_CHARS: usize = 4;
/// Crockford's base32: no I, L, O (they read as 1 and 0) and no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a typed recovery key was not taken. Ask again; nothing was tried with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryTextError {
    #[error("a recovery key has 28 characters, this has {got}")]
    Length { got: usize },
    /// `at` counts from 1, separators left out.
    #[error("character {at} is not one of a recovery key")]
    Character { at: usize },
    #[error("a character is wrong or two are swapped")]
    Check,
}

impl RecoveryTextError {
    /// Stable for programs, like Refusal::code.
    pub fn code(&self) -> &'static str {
        match self {
            RecoveryTextError::Length { .. } => "RecoveryKeyLength",
            RecoveryTextError::Character { .. } => "RecoveryKeyCharacter",
            RecoveryTextError::Check => "RecoveryKeyCheck",
        }
    }
}

/// 128 random bits, never chosen by a person. Wiped when dropped and never printed by accident.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryKey([u8; KEY_BYTES]);

impl std::fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryKey(..)")
    }
}

impl RecoveryKey {
    pub fn from_random(random: [u8; KEY_BYTES]) -> Self {
        RecoveryKey(random)
    }

    pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// `base32(key || check)` in 7 groups of 4: the form that is shown once.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES + 1]);
        bytes[..KEY_BYTES].copy_from_slice(&self.0);
        bytes[KEY_BYTES] = self.check();
        let mut text = Zeroizing::new(String::with_capacity(TEXT_CHARS + TEXT_CHARS / GROUP_CHARS));
        for at in 0..TEXT_CHARS {
            if at > 0 && at % GROUP_CHARS == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(quintet(&bytes[..], at))]));
        }
        text
    }

    /// Reads what a person typed: any case, any spaces and hyphens, O for 0, I and L for 1.
    pub fn from_text(text: &str) -> Result<Self, RecoveryTextError> {
        let mut bytes = Zeroizing::new([0u8; KEY_BYTES + 2]); // one more byte takes the four bits that the text has too many
        let mut count = 0;
        for typed in text
            .chars()
            .filter(|typed| !typed.is_whitespace() && !is_hyphen(*typed))
        {
            let value = value(typed).ok_or(RecoveryTextError::Character { at: count + 1 })?;
            if count < TEXT_CHARS {
                let bit = count * 5;
                let shifted = u16::from(value) << (11 - bit % 8);
                bytes[bit / 8] |= (shifted >> 8) as u8;
                bytes[bit / 8 + 1] |= shifted as u8;
            }
            count += 1;
        }
        if count != TEXT_CHARS {
            return Err(RecoveryTextError::Length { got: count });
        }
        let mut key = RecoveryKey([0; KEY_BYTES]);
        key.0.copy_from_slice(&bytes[..KEY_BYTES]);
        // The last character's spare bits are zero, or it is not what was shown.
        let is_right = bytes[KEY_BYTES..].ct_eq(&[key.check(), 0]);
        if bool::from(is_right) {
            Ok(key)
        } else {
            Err(RecoveryTextError::Check)
        }
    }

    fn check(&self) -> u8 {
        sha256(&[b"inmost/1 recovery check", &self.0])[0]
    }

    /// The paper device of this key in an organisation: `HKDF-Extract(salt = org, ikm = key)`, then one Expand for each key pair.
    pub fn paper_device(&self, crypto: &impl OpenMlsCrypto, org: Org) -> Result<PaperDevice, Refusal> {
        let prk = Zeroizing::new(extract(&org.0, &self.0));
        PaperDevice::derive(crypto, &prk, b"inmost/1 recovery sign", b"inmost/1 recovery seal")
    }
}

pub const PASSKEY_SECRET_BYTES: usize = 32;

/// What a passkey's PRF gives for Inmost's fixed input. Wiped when dropped and never printed by accident.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PasskeySecret([u8; PASSKEY_SECRET_BYTES]);

impl std::fmt::Debug for PasskeySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasskeySecret(..)")
    }
}

impl PasskeySecret {
    pub fn from_prf(output: [u8; PASSKEY_SECRET_BYTES]) -> Self {
        PasskeySecret(output)
    }

    /// `HKDF-Extract(salt = "inmost/1 passkey" || org, ikm = output)`, then one Expand for each key pair: nothing in common with a
    /// recovery key's, were the bytes the same.
    pub fn paper_device(&self, crypto: &impl OpenMlsCrypto, org: Org) -> Result<PaperDevice, Refusal> {
        let prk = Zeroizing::new(extract(&[&b"inmost/1 passkey"[..], &org.0].concat(), &self.0));
        PaperDevice::derive(crypto, &prk, b"inmost/1 passkey sign", b"inmost/1 passkey seal")
    }
}

/// The keys behind a recovery key or passkey: one signs chain entries only, one opens the vault only.
pub struct PaperDevice {
    pub sign: KeyPair,
    pub seal_public: [u8; XWING_PUBLIC_BYTES],
    pub(crate) seal_private: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for PaperDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PaperDevice({:?}, ..)", self.sign)
    }
}

impl PaperDevice {
    fn derive(
        crypto: &impl OpenMlsCrypto,
        prk: &[u8; 32],
        sign_label: &[u8],
        seal_label: &[u8],
    ) -> Result<Self, Refusal> {
        let (mut sign, mut seal) = ([0; 32], Zeroizing::new([0; 32]));
        expand(prk, &[sign_label], &mut sign);
        expand(prk, &[seal_label], &mut seal[..]);
        let pair = crypto
            .derive_hpke_keypair(HPKE, &seal[..])
            .map_err(|_| Refusal::Malformed)?;
        let device = PaperDevice {
            sign: KeyPair::from_seed(sign),
            seal_private: Zeroizing::new(pair.private.to_vec()),
            seal_public: pair.public.as_slice().try_into().map_err(|_| Refusal::Malformed)?,
        };
        sign.zeroize();
        Ok(device)
    }

    /// Its public half, for whoever seals to it.
    pub fn public(&self) -> PaperPublic {
        PaperPublic {
            id: self.id(),
            seal: self.seal_public,
        }
    }

    /// The key_id under which the directory knows it.
    pub fn id(&self) -> [u8; 16] {
        recovery_id(self.sign.public())
    }
}

/// What the directory says of a paper device: enough to seal to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperPublic {
    pub id: [u8; 16],
    pub seal: [u8; XWING_PUBLIC_BYTES],
}

/// Five bits, number `at` from the front; beyond the last byte come zeros.
fn quintet(bytes: &[u8], at: usize) -> u8 {
    let bit = at * 5;
    let byte = |n: usize| u16::from(bytes.get(n).copied().unwrap_or(0));
    let pair = byte(bit / 8) << 8 | byte(bit / 8 + 1);
    (pair >> (11 - bit % 8)) as u8 & 31
}

fn value(typed: char) -> Option<u8> {
    let upper = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET
        .iter()
        .position(|letter| char::from(*letter) == upper)
        .map(|at| at as u8)
}

/// A word processor makes dashes of hyphens.
fn is_hyphen(typed: char) -> bool {
    matches!(typed, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> RecoveryKey {
        RecoveryKey::from_random(*b"sixteen bytes ok")
    }

    #[test]
    fn what_is_shown_reads_back_however_it_is_typed() {
        let text = key().to_text();
        assert_eq!(text.len(), 34);
        assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [4; 7]);
        for typed in [
            text.to_string(),
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', "  \n"),
            text.replace('-', "\u{2013}"),
            text.replace('0', "o").replace('1', "l"),
            text.replace('0', "O").replace('1', "I"),
        ] {
            assert_eq!(
                RecoveryKey::from_text(&typed).map(|read| read.0),
                Ok(key().0),
                "{typed}"
            );
        }
        for seed in 0..=255 {
            let key = RecoveryKey::from_random(sha256(&[&[seed]])[..16].try_into().unwrap());
            assert_eq!(RecoveryKey::from_text(&key.to_text()).map(|read| read.0), Ok(key.0));
        }
    }

    #[test]
    fn a_wrong_character_is_told() {
        let text = key().to_text().to_string();
        let mut unnoticed = 0;
        for at in (0..text.len()).filter(|at| &text[*at..=*at] != "-") {
            for letter in ALPHABET
                .iter()
                .map(|letter| char::from(*letter))
                .filter(|letter| !text[at..].starts_with(*letter))
            {
                let mut wrong: Vec<char> = text.chars().collect();
                wrong[at] = letter;
                match RecoveryKey::from_text(&wrong.iter().collect::<String>()) {
                    Err(error) => assert_eq!(error, RecoveryTextError::Check),
                    Ok(_) => unnoticed += 1,
                }
            }
        }
        assert!(
            unnoticed <= 10,
            "one in 256 may pass an 8-bit check, not {unnoticed} of 868"
        );
        assert_eq!(
            RecoveryKey::from_text(&text[1..]).map(|_| ()),
            Err(RecoveryTextError::Length { got: 27 })
        );
        assert_eq!(
            RecoveryKey::from_text(&format!("{text}0")).map(|_| ()),
            Err(RecoveryTextError::Length { got: 29 })
        );
        assert_eq!(
            RecoveryKey::from_text(&format!("U{text}")).map(|_| ()),
            Err(RecoveryTextError::Character { at: 1 })
        );
        assert_eq!(
            RecoveryKey::from_text("").map(|_| ()),
            Err(RecoveryTextError::Length { got: 0 })
        );
    }
}
