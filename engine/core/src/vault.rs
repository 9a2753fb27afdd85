//! The vault and its rows: what a person's devices leave for the day all of them are lost (docs/protocol/vault.md).
//!
//! HPKE-sealed (RFC 9180, base mode, X-Wing) to the recovery key's paper device and DevSigned: devices write both and can
//! open neither. The ciphertext's randomness comes from the provider, as everywhere in MLS.

use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::{sha256, Conversation, Device, Group, Head, Org, User};
use inmost_public::limits::MAX_VAULT_BYTES;
use inmost_public::sign::{dev_sign, dev_verify, KeyPair};
use inmost_public::Refusal;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::HpkeCiphertext;
use zeroize::Zeroizing;

use crate::keys::{ContentKey, HistoryKey};
use crate::link::wipe;
use crate::recovery::{PaperDevice, HPKE, XWING_PUBLIC_BYTES};

const VERSION: u64 = 1;
/// A row is 1,120 bytes of encapsulation and little more.
pub const MAX_ROW_BYTES: usize = 4_096;

/// Whose device writes, and to whom it seals.
pub struct Writer<'a> {
    pub org: Org,
    pub user: User,
    pub device: Device,
    pub signer: &'a KeyPair,
    /// The X-Wing half of the user's present recovery key, from the directory.
    pub recovery_public: &'a [u8; XWING_PUBLIC_BYTES],
}

/// What the vault holds; no signing keys are among it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultContents {
    pub dir: Head,
    pub settings: Vec<u8>,
    pub conversations: Vec<(Conversation, Group)>,
}

/// `CBOR[1, version, kem_output, ciphertext, user, device, DevSign("vault", [version, SHA-256(ciphertext)])]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    pub version: u64,
    pub user: User,
    /// Who wrote it; its signature key is looked up in the directory.
    pub device: Device,
    hpke: HpkeBox,
    signature: [u8; 64],
}

impl Vault {
    pub fn seal(
        crypto: &impl OpenMlsCrypto,
        by: &Writer<'_>,
        version: u64,
        contents: &VaultContents,
    ) -> Result<Vec<u8>, Refusal> {
        let conversations = contents
            .conversations
            .iter()
            .map(|(conversation, group)| cbor![conversation, group])
            .collect::<Vec<_>>();
        let plaintext = Zeroizing::new(cbor::encode(&cbor![contents.dir, &contents.settings, conversations]));
        let aad = vault_aad(by.org, by.user, version);
        let hpke = HpkeBox::seal(crypto, by.recovery_public, b"inmost/1 vault", &aad, &plaintext)?;
        let signature = dev_sign(by.signer, "vault", by.org, vault_signed(version, &hpke));
        let vault = cbor::encode(&cbor![
            VERSION,
            version,
            hpke.kem_output,
            hpke.ciphertext,
            by.user,
            by.device,
            signature
        ]);
        if vault.len() > MAX_VAULT_BYTES {
            return Err(Refusal::TooLarge);
        }
        Ok(vault)
    }

    /// Reads a vault that must be the pinned one: VaultRolledBack for any other, whatever else may be right about it.
    pub fn decode(vault: &[u8], pinned_version: u64, pinned_hash: &[u8; 32]) -> Result<Self, Refusal> {
        if vault.len() > MAX_VAULT_BYTES {
            return Err(Refusal::TooLarge);
        }
        if sha256(&[vault]) != *pinned_hash {
            return Err(Refusal::VaultRolledBack);
        }
        let item = cbor::decode(vault)?;
        let [format, version, kem_output, ciphertext, user, device, signature] = item.array()?;
        if format.uint()? != VERSION {
            return Err(Refusal::Malformed);
        }
        if version.uint()? != pinned_version {
            return Err(Refusal::VaultRolledBack);
        }
        Ok(Vault {
            version: pinned_version,
            user: User::from_item(user)?,
            device: Device::from_item(device)?,
            hpke: HpkeBox {
                kem_output: kem_output.bytes()?.to_vec(),
                ciphertext: ciphertext.bytes()?.to_vec(),
            },
            signature: signature.fixed()?,
        })
    }

    /// WrongPlace for another user's vault, BadSignature unless `sig_public` (of `device`, by the directory) wrote it,
    /// Corrupt when this recovery key does not open it.
    pub fn open(
        &self,
        crypto: &impl OpenMlsCrypto,
        org: Org,
        user: User,
        sig_public: &[u8; 32],
        paper: &PaperDevice,
    ) -> Result<VaultContents, Refusal> {
        if user != self.user {
            return Err(Refusal::WrongPlace);
        }
        dev_verify(
            sig_public,
            "vault",
            org,
            vault_signed(self.version, &self.hpke),
            &self.signature,
        )?;
        let aad = vault_aad(org, user, self.version);
        let plaintext = self.hpke.open(crypto, paper, b"inmost/1 vault", &aad)?;
        let item = cbor::decode(&plaintext)?;
        let [dir, settings, conversations] = item.array()?;
        let conversation = |item: &Item| -> Result<_, cbor::Malformed> {
            let [conversation, group] = item.array()?;
            Ok((Conversation::from_item(conversation)?, Group::from_item(group)?))
        };
        Ok(VaultContents {
            dir: Head::from_item(dir)?,
            settings: settings.bytes()?.to_vec(),
            conversations: conversations
                .list()?
                .iter()
                .map(conversation)
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Which conversation and epoch a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowPlace {
    pub conversation: Conversation,
    pub group: Group,
    pub epoch: u64,
}

/// The keys of one epoch, and how far its log was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowContents {
    pub content_key: ContentKey,
    pub history_key: HistoryKey,
    pub log: Head,
}

/// `CBOR[1, conversation, group, e, kem_output, ciphertext, device, DevSign("vault row", [conversation, group, e, SHA-256(ciphertext)])]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultRow {
    pub place: RowPlace,
    /// Who wrote it; its signature key is looked up in the directory.
    pub device: Device,
    hpke: HpkeBox,
    signature: [u8; 64],
}

impl VaultRow {
    pub fn seal(
        crypto: &impl OpenMlsCrypto,
        by: &Writer<'_>,
        place: RowPlace,
        contents: &RowContents,
    ) -> Result<Vec<u8>, Refusal> {
        let RowContents {
            content_key,
            history_key,
            log,
        } = contents;
        let mut item = cbor![
            place.epoch,
            content_key.as_bytes(),
            history_key.as_bytes(),
            log.n,
            log.hash
        ];
        let plaintext = Zeroizing::new(cbor::encode(&item));
        wipe(&mut item);
        let aad = row_aad(by.org, by.user, &place);
        let hpke = HpkeBox::seal(crypto, by.recovery_public, b"inmost/1 vault row", &aad, &plaintext)?;
        let signature = dev_sign(by.signer, "vault row", by.org, row_signed(&place, &hpke));
        let RowPlace {
            conversation,
            group,
            epoch,
        } = place;
        Ok(cbor::encode(&cbor![
            VERSION,
            conversation,
            group,
            epoch,
            hpke.kem_output,
            hpke.ciphertext,
            by.device,
            signature
        ]))
    }

    pub fn decode(row: &[u8]) -> Result<Self, Refusal> {
        if row.len() > MAX_ROW_BYTES {
            return Err(Refusal::TooLarge);
        }
        let item = cbor::decode(row)?;
        let [format, conversation, group, epoch, kem_output, ciphertext, device, signature] = item.array()?;
        if format.uint()? != VERSION {
            return Err(Refusal::Malformed);
        }
        Ok(VaultRow {
            place: RowPlace {
                conversation: Conversation::from_item(conversation)?,
                group: Group::from_item(group)?,
                epoch: epoch.uint()?,
            },
            device: Device::from_item(device)?,
            hpke: HpkeBox {
                kem_output: kem_output.bytes()?.to_vec(),
                ciphertext: ciphertext.bytes()?.to_vec(),
            },
            signature: signature.fixed()?,
        })
    }

    /// BadSignature unless `sig_public` (of `device`, an own device by the directory) wrote it, Corrupt when this recovery
    /// key does not open it. That it is the newest nobody can tell; an old one costs only waiting.
    pub fn open(
        &self,
        crypto: &impl OpenMlsCrypto,
        org: Org,
        user: User,
        sig_public: &[u8; 32],
        paper: &PaperDevice,
    ) -> Result<RowContents, Refusal> {
        dev_verify(
            sig_public,
            "vault row",
            org,
            row_signed(&self.place, &self.hpke),
            &self.signature,
        )?;
        let plaintext = self
            .hpke
            .open(crypto, paper, b"inmost/1 vault row", &row_aad(org, user, &self.place))?;
        let mut item = cbor::decode(&plaintext)?;
        let contents = RowContents::from_item(&item, self.place.epoch);
        wipe(&mut item);
        contents
    }
}

impl RowContents {
    fn from_item(item: &Item, place_epoch: u64) -> Result<Self, Refusal> {
        let [epoch, content_key, history_key, n, hash] = item.array()?;
        if epoch.uint()? != place_epoch {
            return Err(Refusal::WrongPlace);
        }
        Ok(RowContents {
            content_key: content_key.bytes()?.try_into()?,
            history_key: history_key.bytes()?.try_into()?,
            log: Head {
                n: n.uint()?,
                hash: hash.fixed()?,
            },
        })
    }
}

/// One HPKE encryption (RFC 9180 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
struct HpkeBox {
    kem_output: Vec<u8>,
    ciphertext: Vec<u8>,
}

impl HpkeBox {
    fn seal(
        crypto: &impl OpenMlsCrypto,
        public: &[u8; XWING_PUBLIC_BYTES],
        info: &[u8],
        aad: &[u8],
        pt: &[u8],
    ) -> Result<Self, Refusal> {
        // The only thing from outside is the public key: X-Wing's is refused when its ML-KEM half is not one.
        let sealed = crypto
            .hpke_seal(HPKE, public, info, aad, pt)
            .map_err(|_| Refusal::Malformed)?;
        Ok(HpkeBox {
            kem_output: sealed.kem_output.as_slice().to_vec(),
            ciphertext: sealed.ciphertext.as_slice().to_vec(),
        })
    }

    fn open(
        &self,
        crypto: &impl OpenMlsCrypto,
        paper: &PaperDevice,
        info: &[u8],
        aad: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let sealed = HpkeCiphertext {
            kem_output: self.kem_output.clone().into(),
            ciphertext: self.ciphertext.clone().into(),
        };
        crypto
            .hpke_open(HPKE, &sealed, &paper.seal_private, info, aad)
            .map(Zeroizing::new)
            .map_err(|_| Refusal::Corrupt)
    }
}

fn vault_aad(org: Org, user: User, version: u64) -> Vec<u8> {
    cbor::encode(&cbor![org, user, version])
}

fn vault_signed(version: u64, hpke: &HpkeBox) -> Item {
    cbor![version, sha256(&[&hpke.ciphertext])]
}

fn row_aad(org: Org, user: User, place: &RowPlace) -> Vec<u8> {
    cbor::encode(&cbor![org, user, place.conversation, place.group, place.epoch])
}

fn row_signed(place: &RowPlace, hpke: &HpkeBox) -> Item {
    cbor![
        place.conversation,
        place.group,
        place.epoch,
        sha256(&[&hpke.ciphertext])
    ]
}
