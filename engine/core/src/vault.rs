//! The vault and its rows: what a person's devices leave for the day all of them are lost (docs/protocol/vault.md).
//!
//! HPKE-sealed (RFC 9180, base mode, X-Wing) to each of the person's paper devices (recovery key, passkeys) and DevSigned: devices
//! write both and can open neither. The ciphertext's randomness comes from the provider, as everywhere in MLS.

use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::{sha256, Conversation, Device, Group, Head, Org, User};
use inmost_public::limits::{MAX_PASSKEY_PAPERS, MAX_VAULT_BYTES};
use inmost_public::sign::{dev_sign, dev_verify, KeyPair};
use inmost_public::Refusal;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::HpkeCiphertext;
use zeroize::Zeroizing;

use crate::keys::{ContentKey, HistoryKey};
use crate::link::wipe;
use crate::recovery::{PaperDevice, PaperPublic, HPKE, XWING_PUBLIC_BYTES};

/// One box, for the recovery key: read, no longer written.
const ONE_BOX: u64 = 1;
/// A box for each paper device.
const BOXES: u64 = 2;
/// For each paper device 1,120 bytes of encapsulation and little more; a recovery key and MAX_PASSKEY_PAPERS passkeys at most.
pub const MAX_ROW_BYTES: usize = 16_384;

/// Whose device writes, and to whom it seals.
pub struct Writer<'a> {
    pub org: Org,
    pub user: User,
    pub device: Device,
    pub signer: &'a KeyPair,
    /// The user's paper devices valid now, from the directory.
    pub papers: &'a [PaperPublic],
}

/// What the vault holds; no signing keys are among it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultContents {
    pub dir: Head,
    pub settings: Vec<u8>,
    pub conversations: Vec<(Conversation, Group)>,
}

/// `CBOR[2, version, boxes, user, device, DevSign("vault 2", [version, SHA-256(CBOR boxes)])]`, boxes [[paper id, kem_output, ciphertext], ...];
/// the first version: `CBOR[1, version, kem_output, ciphertext, user, device, DevSign("vault", [version, SHA-256(ciphertext)])]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    pub version: u64,
    pub user: User,
    /// Who wrote it; its signature key is looked up in the directory.
    pub device: Device,
    boxes: Boxes,
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
        let boxes = Boxes::seal(crypto, by.papers, b"inmost/1 vault", &aad, &plaintext)?;
        let signature = dev_sign(by.signer, "vault 2", by.org, cbor![version, boxes.digest()]);
        let vault = cbor::encode(&cbor![BOXES, version, boxes.to_item(), by.user, by.device, signature]);
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
        let (version, boxes, user, device, signature) = match item.list()? {
            [format, version, kem_output, ciphertext, user, device, signature] if format.uint()? == ONE_BOX => {
                (version, Boxes::one(kem_output, ciphertext)?, user, device, signature)
            }
            [format, version, boxes, user, device, signature] if format.uint()? == BOXES => {
                (version, Boxes::from_item(boxes)?, user, device, signature)
            }
            _ => return Err(Refusal::Malformed),
        };
        if version.uint()? != pinned_version {
            return Err(Refusal::VaultRolledBack);
        }
        Ok(Vault {
            version: pinned_version,
            user: User::from_item(user)?,
            device: Device::from_item(device)?,
            boxes,
            signature: signature.fixed()?,
        })
    }

    /// WrongPlace for another user's vault, BadSignature unless `sig_public` (of `device`, by the directory) wrote it,
    /// Corrupt when this paper device does not open it.
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
        let label = self.boxes.label("vault", "vault 2");
        dev_verify(
            sig_public,
            label,
            org,
            cbor![self.version, self.boxes.digest()],
            &self.signature,
        )?;
        let aad = vault_aad(org, user, self.version);
        let plaintext = self.boxes.open(crypto, paper, b"inmost/1 vault", &aad)?;
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

/// `CBOR[2, conversation, group, e, boxes, device, DevSign("vault row 2", [conversation, group, e, SHA-256(CBOR boxes)])]`; the first
/// version: `CBOR[1, conversation, group, e, kem_output, ciphertext, device, DevSign("vault row", [conversation, group, e, SHA-256(ciphertext)])]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultRow {
    pub place: RowPlace,
    /// Who wrote it; its signature key is looked up in the directory.
    pub device: Device,
    boxes: Boxes,
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
        let boxes = Boxes::seal(crypto, by.papers, b"inmost/1 vault row", &aad, &plaintext)?;
        let signature = dev_sign(by.signer, "vault row 2", by.org, row_signed(&place, &boxes));
        let RowPlace {
            conversation,
            group,
            epoch,
        } = place;
        Ok(cbor::encode(&cbor![
            BOXES,
            conversation,
            group,
            epoch,
            boxes.to_item(),
            by.device,
            signature
        ]))
    }

    pub fn decode(row: &[u8]) -> Result<Self, Refusal> {
        if row.len() > MAX_ROW_BYTES {
            return Err(Refusal::TooLarge);
        }
        let item = cbor::decode(row)?;
        let (conversation, group, epoch, boxes, device, signature) = match item.list()? {
            [format, conversation, group, epoch, kem_output, ciphertext, device, signature]
                if format.uint()? == ONE_BOX =>
            {
                let boxes = Boxes::one(kem_output, ciphertext)?;
                (conversation, group, epoch, boxes, device, signature)
            }
            [format, conversation, group, epoch, boxes, device, signature] if format.uint()? == BOXES => {
                (conversation, group, epoch, Boxes::from_item(boxes)?, device, signature)
            }
            _ => return Err(Refusal::Malformed),
        };
        Ok(VaultRow {
            place: RowPlace {
                conversation: Conversation::from_item(conversation)?,
                group: Group::from_item(group)?,
                epoch: epoch.uint()?,
            },
            device: Device::from_item(device)?,
            boxes,
            signature: signature.fixed()?,
        })
    }

    /// BadSignature unless `sig_public` (of `device`, an own device by the directory) wrote it, Corrupt when this paper
    /// device does not open it. That it is the newest nobody can tell; an old one costs only waiting.
    pub fn open(
        &self,
        crypto: &impl OpenMlsCrypto,
        org: Org,
        user: User,
        sig_public: &[u8; 32],
        paper: &PaperDevice,
    ) -> Result<RowContents, Refusal> {
        let label = self.boxes.label("vault row", "vault row 2");
        dev_verify(
            sig_public,
            label,
            org,
            row_signed(&self.place, &self.boxes),
            &self.signature,
        )?;
        let plaintext = self
            .boxes
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

/// The same plaintext for each paper device.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Boxes {
    /// The first version's, for the recovery key.
    One(HpkeBox),
    /// With the key id of whom each is for; never none.
    Each(Vec<([u8; 16], HpkeBox)>),
}

impl Boxes {
    fn seal(
        crypto: &impl OpenMlsCrypto,
        papers: &[PaperPublic],
        info: &[u8],
        aad: &[u8],
        pt: &[u8],
    ) -> Result<Self, Refusal> {
        let seal = |paper: &PaperPublic| Ok((paper.id, HpkeBox::seal(crypto, &paper.seal, info, aad, pt)?));
        Ok(Boxes::Each(papers.iter().map(seal).collect::<Result<_, Refusal>>()?))
    }

    fn one(kem_output: &Item, ciphertext: &Item) -> Result<Self, Refusal> {
        Ok(Boxes::One(HpkeBox::from_items(kem_output, ciphertext)?))
    }

    fn from_item(item: &Item) -> Result<Self, Refusal> {
        let read = |item: &Item| {
            let [id, kem_output, ciphertext] = item.array()?;
            Ok((id.fixed()?, HpkeBox::from_items(kem_output, ciphertext)?))
        };
        let boxes: Vec<_> = item.list()?.iter().map(read).collect::<Result<_, Refusal>>()?;
        if boxes.is_empty() || boxes.len() > MAX_PASSKEY_PAPERS + 1 {
            return Err(Refusal::Malformed);
        }
        Ok(Boxes::Each(boxes))
    }

    fn to_item(&self) -> Item {
        match self {
            Boxes::One(hpke) => cbor![&hpke.kem_output, &hpke.ciphertext],
            Boxes::Each(boxes) => Item::Array(
                boxes
                    .iter()
                    .map(|(id, hpke)| cbor![id, &hpke.kem_output, &hpke.ciphertext])
                    .collect(),
            ),
        }
    }

    /// What the writer signs of it; which label goes with it says `label`.
    fn digest(&self) -> [u8; 32] {
        match self {
            Boxes::One(hpke) => sha256(&[&hpke.ciphertext]),
            Boxes::Each(_) => sha256(&[&cbor::encode(&self.to_item())]),
        }
    }

    fn label(&self, one: &'static str, each: &'static str) -> &'static str {
        match self {
            Boxes::One(_) => one,
            Boxes::Each(_) => each,
        }
    }

    fn open(
        &self,
        crypto: &impl OpenMlsCrypto,
        paper: &PaperDevice,
        info: &[u8],
        aad: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let hpke = match self {
            Boxes::One(hpke) => Some(hpke),
            Boxes::Each(boxes) => boxes.iter().find(|(id, _)| *id == paper.id()).map(|(_, hpke)| hpke),
        };
        hpke.ok_or(Refusal::Corrupt)?.open(crypto, paper, info, aad)
    }
}

/// One HPKE encryption (RFC 9180 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
struct HpkeBox {
    kem_output: Vec<u8>,
    ciphertext: Vec<u8>,
}

impl HpkeBox {
    fn from_items(kem_output: &Item, ciphertext: &Item) -> Result<Self, Refusal> {
        Ok(HpkeBox {
            kem_output: kem_output.bytes()?.to_vec(),
            ciphertext: ciphertext.bytes()?.to_vec(),
        })
    }

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

fn row_aad(org: Org, user: User, place: &RowPlace) -> Vec<u8> {
    cbor::encode(&cbor![org, user, place.conversation, place.group, place.epoch])
}

fn row_signed(place: &RowPlace, boxes: &Boxes) -> Item {
    cbor![place.conversation, place.group, place.epoch, boxes.digest()]
}
