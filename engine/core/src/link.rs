//! History links: how the key of an epoch opens the epoch before (docs/protocol/conversations.md).
//!
//! A link is deterministic: whoever knows H_e and what it carries makes the same bytes, so every member compares the link
//! it is given with its own and repairs a wrong one. The nonce is a MAC of the plaintext, as in SIV constructions
//! (RFC 5297), so that even two different plaintexts under one H_e, which only a forger makes, repeat no nonce.

use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::Group;
use inmost_public::limits::MAX_LINK_BYTES;
use inmost_public::Refusal;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::aead::{self, NONCE_BYTES, TAG_BYTES};
use crate::keys::{hmac_sha256, ContentKey, HistoryKey, LinkKeys};

/// Which link: that of epoch `epoch` of `group`. `seg` and `first` are those of the commit that began the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPlace {
    pub group: Group,
    pub epoch: u64,
    pub first: u64,
    pub seg: bool,
}

impl LinkPlace {
    /// A link inside the one segment that every conversation is in this version.
    pub fn within(group: Group, epoch: u64) -> Self {
        LinkPlace {
            group,
            epoch,
            first: 0,
            seg: false,
        }
    }

    /// `CBOR[1, group, e, first, seg]`
    fn associated_data(&self) -> Vec<u8> {
        cbor::encode(&cbor![1, self.group, self.epoch, self.first, self.seg])
    }
}

/// One past epoch in the list that begins a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEpoch {
    pub epoch: u64,
    pub content_key: ContentKey,
    pub tree_hash: [u8; 32],
}

/// What a link carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryLink {
    /// Inside a segment: the epoch before, and the key to its own link.
    Previous {
        content_key: ContentKey,
        tree_hash: [u8; 32],
        history_key: HistoryKey,
    },
    /// At the start of a segment: every epoch from `first` to the one before, and no older H.
    Segment(Vec<PastEpoch>),
}

/// link_e inside a segment: the same bytes for everybody.
pub fn make_link(
    history_key: &HistoryKey,
    group: Group,
    epoch: u64,
    previous_content_key: &ContentKey,
    previous_tree_hash: &[u8; 32],
    previous_history_key: &HistoryKey,
) -> Result<Vec<u8>, Refusal> {
    let link = HistoryLink::Previous {
        content_key: previous_content_key.clone(),
        tree_hash: *previous_tree_hash,
        history_key: previous_history_key.clone(),
    };
    link.seal(history_key, &LinkPlace::within(group, epoch))
}

/// Opens link_e inside a segment. WrongLink when it was not made with these keys for this place.
pub fn open_link(history_key: &HistoryKey, group: Group, epoch: u64, link: &[u8]) -> Result<HistoryLink, Refusal> {
    HistoryLink::open(history_key, &LinkPlace::within(group, epoch), link)
}

impl HistoryLink {
    /// `nonce || AEAD(k, nonce, pt, aad)`. Malformed when it does not fit the place, TooLarge beyond MAX_LINK_BYTES.
    pub fn seal(&self, history_key: &HistoryKey, place: &LinkPlace) -> Result<Vec<u8>, Refusal> {
        self.check(place)?;
        let keys = history_key.link_keys(place.group, place.epoch);
        let plaintext = self.plaintext();
        let nonce = nonce(&keys, &plaintext);
        let link = [
            &nonce[..],
            &aead::seal(&keys.key, &nonce, &plaintext, &place.associated_data())?,
        ]
        .concat();
        if link.len() > MAX_LINK_BYTES {
            return Err(Refusal::TooLarge);
        }
        Ok(link)
    }

    /// TooLarge beyond MAX_LINK_BYTES, WrongLink for everything that is not exactly a link of this place.
    pub fn open(history_key: &HistoryKey, place: &LinkPlace, link: &[u8]) -> Result<Self, Refusal> {
        if link.len() > MAX_LINK_BYTES {
            return Err(Refusal::TooLarge);
        }
        if link.len() < NONCE_BYTES + TAG_BYTES {
            return Err(Refusal::WrongLink);
        }
        let (given_nonce, ciphertext) = link.split_at(NONCE_BYTES);
        let given_nonce: [u8; NONCE_BYTES] = given_nonce.try_into().map_err(|_| Refusal::WrongLink)?;
        let keys = history_key.link_keys(place.group, place.epoch);
        let plaintext = aead::open(&keys.key, &given_nonce, ciphertext, &place.associated_data())
            .map_err(|_| Refusal::WrongLink)?;
        let plaintext = Zeroizing::new(plaintext);
        // Another nonce is another form of one link, which nobody honest makes.
        if !bool::from(nonce(&keys, &plaintext).ct_eq(&given_nonce)) {
            return Err(Refusal::WrongLink);
        }
        let link = Self::from_plaintext(&plaintext, place.seg).map_err(|_| Refusal::WrongLink)?;
        link.check(place).map_err(|_| Refusal::WrongLink)?;
        Ok(link)
    }

    /// `CBOR[C, tree_hash, H]`, or `CBOR[[i, C_i, tree_hash_i], ...]`.
    fn plaintext(&self) -> Zeroizing<Vec<u8>> {
        let mut item = match self {
            HistoryLink::Previous {
                content_key,
                tree_hash,
                history_key,
            } => {
                cbor![content_key.as_bytes(), tree_hash, history_key.as_bytes()]
            }
            HistoryLink::Segment(past) => Item::Array(
                past.iter()
                    .map(|past| cbor![past.epoch, past.content_key.as_bytes(), past.tree_hash])
                    .collect(),
            ),
        };
        let bytes = Zeroizing::new(cbor::encode(&item));
        wipe(&mut item);
        bytes
    }

    fn from_plaintext(plaintext: &[u8], seg: bool) -> Result<Self, Refusal> {
        let mut item = cbor::decode(plaintext)?;
        let link = Self::from_item(&item, seg);
        wipe(&mut item);
        link
    }

    fn from_item(item: &Item, seg: bool) -> Result<Self, Refusal> {
        if seg {
            return item
                .list()?
                .iter()
                .map(PastEpoch::from_item)
                .collect::<Result<_, _>>()
                .map(HistoryLink::Segment);
        }
        let [content_key, tree_hash, history_key] = item.array()?;
        Ok(HistoryLink::Previous {
            content_key: content_key.bytes()?.try_into()?,
            tree_hash: tree_hash.fixed()?,
            history_key: history_key.bytes()?.try_into()?,
        })
    }

    /// Epoch 0 has nothing before it; a segment's list has every epoch from `first` to the one before, in order.
    fn check(&self, place: &LinkPlace) -> Result<(), Refusal> {
        let fits = match self {
            HistoryLink::Previous { .. } => !place.seg && place.epoch > place.first,
            HistoryLink::Segment(past) => {
                place.seg
                    && place.epoch > 0
                    && place.first <= place.epoch
                    && past.iter().map(|past| past.epoch).eq(place.first..place.epoch)
            }
        };
        if fits {
            Ok(())
        } else {
            Err(Refusal::Malformed)
        }
    }
}

impl PastEpoch {
    fn from_item(item: &Item) -> Result<Self, Refusal> {
        let [epoch, content_key, tree_hash] = item.array()?;
        Ok(PastEpoch {
            epoch: epoch.uint()?,
            content_key: content_key.bytes()?.try_into()?,
            tree_hash: tree_hash.fixed()?,
        })
    }
}

/// `HMAC-SHA-256(kn, pt)[..12]`
fn nonce(keys: &LinkKeys, plaintext: &[u8]) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    nonce.copy_from_slice(&hmac_sha256(&keys.nonce_key, &[plaintext])[..NONCE_BYTES]);
    nonce
}

/// Overwrites the byte strings of an item that held secrets.
pub(crate) fn wipe(item: &mut Item) {
    match item {
        Item::Bytes(bytes) => bytes.zeroize(),
        Item::Array(items) => items.iter_mut().for_each(wipe),
        _ => {}
    }
}
