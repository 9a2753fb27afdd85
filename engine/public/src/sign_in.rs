//! Sign-in: a session is a device that signed the server's challenge with its `auth` key (docs/protocol/sign-in.md).

use crate::cbor::Item;
use crate::ids::{Device, Org};
use crate::refusal::Refusal;
use crate::sign::{dev_sign, dev_verify, KeyPair};

/// What is signed: where to, for which challenge, by whom, when. The `auth` key signs nothing else, so a challenge
/// cannot be made into a message, an entry or a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn<'a> {
    pub org: Org,
    /// The web origin the device means, such as `https://chat.example.org`; a relay has another.
    pub origin: &'a str,
    pub server_nonce: &'a [u8],
    pub client_nonce: &'a [u8],
    pub device: Device,
    pub time_ms: u64,
}

impl SignIn<'_> {
    fn item(&self) -> Item {
        crate::cbor![self.origin, self.server_nonce, self.client_nonce, self.device, self.time_ms]
    }

    pub fn sign(&self, auth: &KeyPair) -> [u8; 64] {
        dev_sign(auth, "sign-in", self.org, self.item())
    }

    /// Refused with Malformed (nonces are 16..64 bytes), BadSignature. Freshness is the caller's.
    pub fn verify(&self, auth_public: &[u8; 32], signature: &[u8]) -> Result<(), Refusal> {
        let is_nonce = |nonce: &[u8]| (16..=64).contains(&nonce.len());
        if !is_nonce(self.server_nonce) || !is_nonce(self.client_nonce) {
            return Err(Refusal::Malformed);
        }
        dev_verify(auth_public, "sign-in", self.org, self.item(), signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_counts_for_its_origin_challenge_and_device_only() {
        let auth = KeyPair::from_seed([1; 32]);
        let sign_in = SignIn {
            org: Org([1; 16]),
            origin: "https://chat.example.org",
            server_nonce: &[2; 32],
            client_nonce: &[3; 32],
            device: Device([4; 16]),
            time_ms: 5,
        };
        let signature = sign_in.sign(&auth);
        assert_eq!(sign_in.verify(auth.public(), &signature), Ok(()));
        for other in [
            SignIn { org: Org([9; 16]), ..sign_in.clone() },
            SignIn { origin: "https://chat.example.net", ..sign_in.clone() },
            SignIn { server_nonce: &[9; 32], ..sign_in.clone() },
            SignIn { client_nonce: &[9; 32], ..sign_in.clone() },
            SignIn { device: Device([9; 16]), ..sign_in.clone() },
            SignIn { time_ms: 6, ..sign_in.clone() },
        ] {
            assert_eq!(other.verify(auth.public(), &signature), Err(Refusal::BadSignature));
        }
        let short = SignIn { server_nonce: &[], ..sign_in };
        assert_eq!(short.verify(auth.public(), &short.sign(&auth)), Err(Refusal::Malformed));
    }
}
