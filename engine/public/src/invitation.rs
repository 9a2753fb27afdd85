//! Invitation links: what stands after `/join#`, which no server sees (docs/protocol/directory.md).

use crate::cbor::{self, Item};
use crate::ids::{Head, Invitation, Org, User};
use crate::refusal::Refusal;
use crate::sign::KeyPair;

/// A link of a few hundred characters at most.
const MAX_FRAGMENT_CHARS: usize = 1_024;

/// The fragment's content. The seed signs the claim, once; it is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationLink {
    pub org: Org,
    pub invitation: Invitation,
    pub seed: [u8; 32],
    pub account: String,
    /// The inviter's directory head, and the inviter; None in the owner's link.
    pub from: Option<(Head, User)>,
}

impl InvitationLink {
    /// The key that signs the claim.
    pub fn key(&self) -> KeyPair {
        KeyPair::from_seed(self.seed)
    }

    /// base64url without padding.
    pub fn encode(&self) -> String {
        let (n, hash, inviter) = match self.from {
            Some((head, inviter)) => (Some(head.n), Some(head.hash), Some(inviter)),
            None => (None, None, None),
        };
        let item = crate::cbor![1, self.org, self.invitation, self.seed, &self.account, n, hash, inviter];
        base64url(&cbor::encode(&item))
    }

    pub fn decode(fragment: &str) -> Result<Self, Refusal> {
        if fragment.len() > MAX_FRAGMENT_CHARS {
            return Err(Refusal::TooLarge);
        }
        let item = cbor::decode(&from_base64url(fragment)?)?;
        let [version, org, invitation, seed, account, n, hash, inviter] = item.array()?;
        crate::log::version_1(version)?;
        let (n, hash) = (n.or_null(Item::uint)?, hash.or_null(Item::fixed)?);
        let from = match (n, hash, inviter.or_null(User::from_item)?) {
            (Some(n), Some(hash), Some(inviter)) => Some((Head { n, hash }, inviter)),
            (None, None, None) => None,
            _ => return Err(Refusal::Malformed),
        };
        Ok(InvitationLink {
            org: Org::from_item(org)?,
            invitation: Invitation::from_item(invitation)?,
            seed: seed.fixed()?,
            account: account.text()?.to_owned(),
            from,
        })
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648 section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(word >> (18 - 6 * place)) as usize & 63]));
        }
    }
    out
}

fn from_base64url(text: &str) -> Result<Vec<u8>, Refusal> {
    let digit = |c: &u8| ALPHABET.iter().position(|a| a == c).ok_or(Refusal::Malformed);
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        let mut word = 0;
        for c in chunk {
            word = word << 6 | digit(c)? as u32;
        }
        word <<= 6 * (4 - chunk.len());
        let bytes = word.to_be_bytes();
        let (taken, unused) = bytes[1..].split_at(chunk.len().saturating_sub(1));
        // One character alone is no byte, and unused bits are zero: every link has one spelling.
        if chunk.len() == 1 || unused.iter().any(|byte| *byte != 0) {
            return Err(Refusal::Malformed);
        }
        out.extend_from_slice(taken);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_decodes_to_what_was_encoded_and_has_one_spelling() {
        for len in 1..20 {
            let from = Some((Head { n: 7, hash: [4; 32] }, User([5; 32])));
            for from in [from, None] {
                let account = "a".repeat(len);
                let link =
                    InvitationLink { org: Org([1; 16]), invitation: Invitation([2; 16]), seed: [3; 32], account, from };
                let fragment = link.encode();
                assert!(InvitationLink::decode(&fragment).is_ok_and(|read| read == link));
                assert!(InvitationLink::decode(&fragment[1..]).is_err());
                assert!(InvitationLink::decode(&format!("{fragment}A")).is_err());
                assert!(InvitationLink::decode(&format!("{fragment}=")).is_err());
            }
        }
        assert_eq!(base64url(b"\xfb\xff"), "-_8");
        assert!(from_base64url("-_9").is_err(), "unused bits are not zero");
    }
}
