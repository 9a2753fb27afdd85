//! What is sealed for later: history links, vaults and vault rows, with any plaintext behind a seal that holds.

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use inmost_core::aead;
use inmost_core::keys::{ContentKey, HistoryKey};
use inmost_core::link::{HistoryLink, LinkPlace, PastEpoch};
use inmost_core::pack::Value;
use inmost_core::recovery::{PaperDevice, RecoveryKey, HPKE};
use inmost_core::vault::{RowContents, RowPlace, Vault, VaultContents, VaultRow, Writer};
use inmost_public::cbor::{self, Item};
use inmost_public::ids::{sha256, Conversation, Device, Group, Head, Org, User};
use inmost_public::provider::Provider;
use inmost_public::sign::{dev_sign, KeyPair};
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::OpenMlsProvider;
use sha2::Sha256;

use crate::script::{self, to_item, Script};

const ORG: Org = Org([1; 16]);
const USER: User = User([2; 32]);
const DEVICE: Device = Device([4; 16]);
const PLACE: RowPlace = RowPlace {
    conversation: Conversation([5; 16]),
    group: Group([3; 16]),
    epoch: 5,
};
const HEAD: Head = Head { n: 7, hash: [8; 32] };

pub struct Links {
    history_key: HistoryKey,
    provider: Provider,
    paper: PaperDevice,
    signer: KeyPair,
    links: [(LinkPlace, Vec<u8>, Value); 2],
    vault: (Vec<u8>, Value),
    row: (Vec<u8>, Value),
    parts: Vec<Value>,
}

impl Links {
    pub fn new() -> Self {
        match Self::made() {
            Ok(made) => made,
            Err(refusal) => unreachable!("what this seals fits: {refusal}"),
        }
    }

    fn made() -> Result<Self, inmost_public::Refusal> {
        let (history_key, content_key) = (HistoryKey::from_bytes([1; 32]), ContentKey::from_bytes([9; 32]));
        let provider = Provider::new([3; 32])?;
        let paper = RecoveryKey::from_random([6; 16]).paper_device(provider.crypto(), ORG)?;
        let signer = KeyPair::from_seed([7; 32]);
        let within = LinkPlace {
            group: PLACE.group,
            epoch: 5,
            first: 0,
            seg: false,
        };
        let segment = LinkPlace {
            first: 2,
            seg: true,
            ..within
        };
        let previous = HistoryLink::Previous {
            content_key: content_key.clone(),
            tree_hash: [5; 32],
            history_key: history_key.clone(),
        };
        let past = (2..5)
            .map(|epoch| PastEpoch {
                epoch,
                content_key: content_key.clone(),
                tree_hash: [5; 32],
            })
            .collect();
        let links = [
            (
                within,
                previous.seal(&history_key, &within)?,
                Value::Array(vec![key(9), key(5), key(1)]),
            ),
            (
                segment,
                HistoryLink::Segment(past).seal(&history_key, &segment)?,
                Value::Array(
                    (2..5)
                        .map(|epoch| Value::Array(vec![Value::Uint(epoch), key(9), key(5)]))
                        .collect(),
                ),
            ),
        ];
        let papers = [paper.public()];
        let writer = Writer {
            org: ORG,
            user: USER,
            device: DEVICE,
            signer: &signer,
            papers: &papers,
        };
        let contents = VaultContents {
            dir: HEAD,
            settings: vec![1, 2],
            conversations: vec![(PLACE.conversation, PLACE.group)],
        };
        let vault = Vault::seal(provider.crypto(), &writer, 1, &contents)?;
        let row = RowContents {
            content_key,
            history_key: history_key.clone(),
            log: HEAD,
        };
        let row = VaultRow::seal(provider.crypto(), &writer, PLACE, &row)?;
        let head = Value::Array(vec![Value::Uint(7), key(8)]);
        let conversations = Value::Array(vec![Value::Array(vec![
            Value::Bytes(vec![5; 16]),
            Value::Bytes(vec![3; 16]),
        ])]);
        let vault_plain = Value::Array(vec![head, Value::Bytes(vec![1, 2]), conversations]);
        let row_plain = Value::Array(vec![Value::Uint(5), key(9), key(1), Value::Uint(7), key(8)]);
        let mut parts = vec![];
        for value in [&vault_plain, &row_plain, &links[1].2, &outside(&vault), &outside(&row)] {
            script::parts(value, &mut parts);
        }
        Ok(Links {
            history_key,
            provider,
            paper,
            signer,
            links,
            vault: (vault, vault_plain),
            row: (row, row_plain),
            parts,
        })
    }

    /// What, whether inside or outside of its seal, and the edits.
    pub fn run(&self, bytes: &[u8]) {
        let mut script = Script::new(bytes);
        match script.byte() % 6 {
            0 | 1 => {
                let (place, _, plain) = &self.links[script.below(2)];
                self.open_link(place, &self.sealed_link(place, &self.edited(plain, &mut script)));
            }
            2 => {
                let (place, link, _) = &self.links[script.below(2)];
                let mut link = link.clone();
                let place = LinkPlace {
                    epoch: place.epoch + u64::from(script.byte() & 1),
                    ..*place
                };
                script.scratch(&mut link);
                self.open_link(&place, &link);
            }
            3 => self.open_row(&self.edited(&outside(&self.row.0), &mut script)),
            4 => {
                let (info, aad): (&[u8], _) = match script.byte() & 1 {
                    0 => (
                        b"inmost/1 vault row",
                        cbor::encode(&inmost_public::cbor![
                            ORG,
                            USER,
                            PLACE.conversation,
                            PLACE.group,
                            PLACE.epoch
                        ]),
                    ),
                    _ => (b"inmost/1 vault", cbor::encode(&inmost_public::cbor![ORG, USER, 1])),
                };
                let is_row = info == b"inmost/1 vault row";
                let plain = self.edited(if is_row { &self.row.1 } else { &self.vault.1 }, &mut script);
                let Ok(sealed) = self
                    .provider
                    .crypto()
                    .hpke_seal(HPKE, &self.paper.seal_public, info, &aad, &plain)
                else {
                    return;
                };
                let (kem, ciphertext) = (sealed.kem_output.as_slice(), sealed.ciphertext.as_slice());
                let hash = sha256(&[ciphertext]);
                if is_row {
                    let RowPlace {
                        conversation,
                        group,
                        epoch,
                    } = PLACE;
                    let signature = dev_sign(
                        &self.signer,
                        "vault row",
                        ORG,
                        inmost_public::cbor![conversation, group, epoch, hash],
                    );
                    self.open_row(&cbor::encode(&inmost_public::cbor![
                        1,
                        conversation,
                        group,
                        epoch,
                        kem,
                        ciphertext,
                        DEVICE,
                        signature
                    ]));
                } else {
                    let signature = dev_sign(&self.signer, "vault", ORG, inmost_public::cbor![1, hash]);
                    self.open_vault(&cbor::encode(&inmost_public::cbor![
                        1, 1, kem, ciphertext, USER, DEVICE, signature
                    ]));
                }
            }
            _ => self.open_vault(&self.edited(&outside(&self.vault.0), &mut script)),
        }
    }

    fn edited(&self, value: &Value, script: &mut Script<'_>) -> Vec<u8> {
        let mut value = value.clone();
        while !script.is_over() {
            script.edit(&mut value, &self.parts);
        }
        cbor::encode(&to_item(&value))
    }

    /// As a member that has the keys and does not keep to the format.
    fn sealed_link(&self, place: &LinkPlace, plaintext: &[u8]) -> Vec<u8> {
        let keys = self.history_key.link_keys(place.group, place.epoch);
        let aad = cbor::encode(&inmost_public::cbor![
            1,
            place.group,
            place.epoch,
            place.first,
            place.seg
        ]);
        let nonce = nonce(&keys.nonce_key, plaintext);
        let sealed = aead::seal(&keys.key, &nonce, plaintext, &aad).unwrap_or_default();
        [&nonce[..], &sealed].concat()
    }

    fn open_link(&self, place: &LinkPlace, link: &[u8]) {
        if let Ok(opened) = HistoryLink::open(&self.history_key, place, link) {
            let again = opened.seal(&self.history_key, place);
            assert_eq!(again.as_deref(), Ok(link), "a link is the same bytes for everybody");
        }
    }

    fn open_row(&self, row: &[u8]) {
        if let Ok(read) = VaultRow::decode(row) {
            let _ = read.open(self.provider.crypto(), ORG, USER, self.signer.public(), &self.paper);
        }
    }

    fn open_vault(&self, vault: &[u8]) {
        if let Ok(read) = Vault::decode(vault, 1, &sha256(&[vault])) {
            let _ = read.open(self.provider.crypto(), ORG, USER, self.signer.public(), &self.paper);
            let _ = read.open(
                self.provider.crypto(),
                ORG,
                User([0; 32]),
                self.signer.public(),
                &self.paper,
            );
        }
    }
}

impl Default for Links {
    fn default() -> Self {
        Self::new()
    }
}

/// `HMAC-SHA-256(kn, pt)[..12]`
fn nonce(key: &[u8; 32], plaintext: &[u8]) -> [u8; aead::NONCE_BYTES] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&{
        let mut block = [0; 64];
        block[..32].copy_from_slice(key);
        block.into()
    });
    mac.update(plaintext);
    let mut nonce = [0; aead::NONCE_BYTES];
    nonce.copy_from_slice(&mac.finalize().into_bytes()[..aead::NONCE_BYTES]);
    nonce
}

fn key(byte: u8) -> Value {
    Value::Bytes(vec![byte; 32])
}

fn outside(bytes: &[u8]) -> Value {
    script::to_value(&cbor::decode(bytes).unwrap_or(Item::Null))
}
