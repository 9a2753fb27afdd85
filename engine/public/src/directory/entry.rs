//! Directory entries as bytes: a signed body, and how to draft one (docs/protocol/directory.md, "Entry").

use super::payload::Payload;
use crate::cbor::{self, Item};
use crate::ids::{Head, Org, User};
use crate::limits::MAX_ENTRY_BYTES;
use crate::refusal::Refusal;
use crate::sign::{dev_sign, dev_verify, KeyPair};

/// Who signed: a device id, an invitation id (the seed key), or a recovery id.
pub type KeyId = [u8; 16];

/// An entry before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub org: Org,
    /// None for claims.
    pub author: Option<User>,
    /// Any earlier head its author knows; None in entry 0 only.
    pub head: Option<Head>,
    pub time_ms: u64,
    pub payload: Payload,
}

impl Draft {
    pub fn body(&self) -> Vec<u8> {
        let (head_n, head_hash) = (self.head.map(|head| head.n), self.head.map(|head| head.hash));
        let kind = self.payload.kind();
        let payload = self.payload.to_item();
        cbor::encode(&crate::cbor![1, self.org, kind, self.author, head_n, head_hash, self.time_ms, payload])
    }

    /// The entry, signed in the order that the kind asks for.
    pub fn sign(&self, signers: &[(KeyId, &KeyPair)]) -> Vec<u8> {
        let body = self.body();
        let signatures: Vec<Item> = signers
            .iter()
            .map(|(key_id, key)| crate::cbor![key_id, dev_sign(key, "entry", self.org, Item::from(&body))])
            .collect();
        cbor::encode(&crate::cbor![body, signatures])
    }
}

/// An entry as it was read; its signatures are not verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub draft: Draft,
    body: Vec<u8>,
    signatures: Vec<(KeyId, [u8; 64])>,
}

impl Entry {
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(Refusal::TooLarge);
        }
        let entry = cbor::decode(bytes)?;
        let [body, signatures] = entry.array()?;
        let body = body.bytes()?.to_vec();
        let signature = |item: &Item| {
            let [key_id, signature] = item.array()?;
            Ok((key_id.fixed()?, signature.fixed()?))
        };
        let signatures = signatures.list()?.iter().map(signature).collect::<Result<_, Refusal>>()?;
        Ok(Entry { draft: decode_body(&body)?, body, signatures })
    }

    /// The ids of the keys that signed, in order.
    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.signatures.iter().map(|(key_id, _)| *key_id)
    }

    /// Refuses with BadSignature unless exactly these keys signed, in this order. A key of None is not checked.
    pub fn verify(&self, signers: &[(KeyId, Option<[u8; 32]>)]) -> Result<(), Refusal> {
        if self.signatures.len() != signers.len() {
            return Err(Refusal::BadSignature);
        }
        for ((key_id, signature), (expected, public)) in self.signatures.iter().zip(signers) {
            if key_id != expected {
                return Err(Refusal::BadSignature);
            }
            if let Some(public) = public {
                dev_verify(public, "entry", self.draft.org, Item::from(&self.body), signature)?;
            }
        }
        Ok(())
    }
}

fn decode_body(body: &[u8]) -> Result<Draft, Refusal> {
    let body = cbor::decode(body)?;
    let [version, org, kind, author, head_n, head_hash, time_ms, payload] = body.array()?;
    crate::log::version_1(version)?;
    let head = match (head_n.or_null(Item::uint)?, head_hash.or_null(Item::fixed)?) {
        (Some(n), Some(hash)) => Some(Head { n, hash }),
        (None, None) => None,
        _ => return Err(Refusal::Malformed),
    };
    Ok(Draft {
        org: Org::from_item(org)?,
        author: author.or_null(User::from_item)?,
        head,
        time_ms: time_ms.uint()?,
        payload: Payload::from_item(kind.text()?, payload)?,
    })
}
