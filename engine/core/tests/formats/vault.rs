//! Recovery key and vault: only the paper device opens what any device may write.

use inmost_core::keys::{ContentKey, HistoryKey};
use inmost_core::recovery::{PaperDevice, PaperPublic, PasskeySecret, RecoveryKey};
use inmost_core::vault::{RowContents, RowPlace, Vault, VaultContents, VaultRow, Writer};
use inmost_public::ids::{sha256, Conversation, Device, Group, Head, Org, User};
use inmost_public::limits::MAX_PASSKEY_PAPERS;
use inmost_public::sign::KeyPair;
use inmost_public::Refusal;
use openmls_libcrux_crypto::CryptoProvider;

use crate::fixture::{CONVERSATION, DEVICE, DIR, GROUP, ORG, SEEN};

pub const USER: User = User([0x0d; 32]);

pub fn crypto() -> CryptoProvider {
    CryptoProvider::new().expect("the operating system's entropy")
}

pub fn paper(n: u8) -> PaperDevice {
    RecoveryKey::from_random([n; 16]).paper_device(&crypto(), ORG).unwrap()
}

pub fn writer<'a>(signer: &'a KeyPair, papers: &'a [PaperPublic]) -> Writer<'a> {
    Writer {
        org: ORG,
        user: USER,
        device: DEVICE,
        signer,
        papers,
    }
}

pub fn contents() -> VaultContents {
    VaultContents {
        dir: DIR,
        settings: b"theme: dark".to_vec(),
        conversations: vec![(CONVERSATION, GROUP), (Conversation([0x22; 16]), Group([0x23; 16]))],
    }
}

pub const ROW: RowPlace = RowPlace {
    conversation: CONVERSATION,
    group: GROUP,
    epoch: 5,
};

pub fn row_contents() -> RowContents {
    RowContents {
        content_key: ContentKey::from_bytes([0x31; 32]),
        history_key: HistoryKey::from_bytes([0x32; 32]),
        log: SEEN,
    }
}

#[test]
fn the_same_recovery_key_is_another_paper_device_in_another_organisation() {
    let key = RecoveryKey::from_random([7; 16]);
    let (here, again, there) = (
        key.paper_device(&crypto(), ORG).unwrap(),
        key.paper_device(&crypto(), ORG).unwrap(),
        key.paper_device(&crypto(), Org([9; 16])).unwrap(),
    );
    assert_eq!((here.id(), here.seal_public), (again.id(), again.seal_public));
    assert_ne!(here.id(), there.id());
    assert_ne!(here.seal_public, there.seal_public);
}

#[test]
fn the_recovery_key_opens_what_a_device_left_in_the_vault() {
    let (signer, paper) = (KeyPair::from_seed([1; 32]), paper(7));
    let sealed = Vault::seal(&crypto(), &writer(&signer, &[paper.public()]), 3, &contents()).unwrap();
    let vault = Vault::decode(&sealed, 3, &sha256(&[&sealed])).unwrap();
    assert_eq!(vault.device, DEVICE);
    assert_eq!(
        vault.open(&crypto(), ORG, USER, signer.public(), &paper),
        Ok(contents())
    );
}

#[test]
fn a_passkey_and_a_recovery_key_of_the_same_bytes_are_different_paper_devices() {
    let mut prf = [0; 32];
    prf[..16].copy_from_slice(&[7; 16]);
    let passkey = PasskeySecret::from_prf(prf).paper_device(&crypto(), ORG).unwrap();
    let there = PasskeySecret::from_prf(prf)
        .paper_device(&crypto(), Org([9; 16]))
        .unwrap();
    for other in [paper(7), there] {
        assert_ne!(passkey.id(), other.id());
        assert_ne!(passkey.seal_public, other.seal_public);
    }
}

#[test]
fn each_paper_device_opens_the_vault_and_no_other_does() {
    let signer = KeyPair::from_seed([1; 32]);
    let passkey = |n| PasskeySecret::from_prf([n; 32]).paper_device(&crypto(), ORG).unwrap();
    let papers = [paper(7).public(), passkey(8).public()];
    let sealed = Vault::seal(&crypto(), &writer(&signer, &papers), 3, &contents()).unwrap();
    let vault = Vault::decode(&sealed, 3, &sha256(&[&sealed])).unwrap();
    let open = |paper: &PaperDevice| vault.open(&crypto(), ORG, USER, signer.public(), paper);
    assert_eq!(open(&paper(7)), Ok(contents()));
    assert_eq!(open(&passkey(8)), Ok(contents()));
    assert_eq!(open(&passkey(9)), Err(Refusal::Corrupt));
    assert_eq!(open(&paper(8)), Err(Refusal::Corrupt));
}

#[test]
fn a_row_for_as_many_paper_devices_as_there_may_be_is_not_too_large() {
    let signer = KeyPair::from_seed([1; 32]);
    let papers: Vec<PaperPublic> = (0..=MAX_PASSKEY_PAPERS as u8)
        .map(|n| PaperPublic {
            id: [n; 16],
            ..paper(7).public()
        })
        .collect();
    let sealed = VaultRow::seal(&crypto(), &writer(&signer, &papers), ROW, &row_contents()).unwrap();
    assert!(VaultRow::decode(&sealed).is_ok());
    let more = [&papers[..], &[paper(7).public()]].concat();
    let sealed = VaultRow::seal(&crypto(), &writer(&signer, &more), ROW, &row_contents()).unwrap();
    assert_eq!(VaultRow::decode(&sealed).map(|_| ()), Err(Refusal::Malformed));
}

#[test]
fn another_recovery_key_user_organisation_or_author_opens_nothing() {
    let (signer, right) = (KeyPair::from_seed([1; 32]), paper(7));
    let sealed = Vault::seal(&crypto(), &writer(&signer, &[right.public()]), 3, &contents()).unwrap();
    let vault = Vault::decode(&sealed, 3, &sha256(&[&sealed])).unwrap();
    let open =
        |org, user, public: &[u8; 32], paper: &PaperDevice| vault.open(&crypto(), org, user, public, paper).map(|_| ());
    assert_eq!(open(ORG, USER, signer.public(), &paper(8)), Err(Refusal::Corrupt));
    assert_eq!(
        open(ORG, User([0; 32]), signer.public(), &right),
        Err(Refusal::WrongPlace)
    );
    assert_eq!(
        open(Org([9; 16]), USER, signer.public(), &right),
        Err(Refusal::BadSignature)
    );
    assert_eq!(
        open(ORG, USER, KeyPair::from_seed([2; 32]).public(), &right),
        Err(Refusal::BadSignature)
    );
}

#[test]
fn any_vault_but_the_pinned_one_is_rolled_back() {
    let (signer, paper) = (KeyPair::from_seed([1; 32]), paper(7));
    let [older, newer] = [3, 4]
        .map(|version| Vault::seal(&crypto(), &writer(&signer, &[paper.public()]), version, &contents()).unwrap());
    assert_eq!(
        Vault::decode(&older, 4, &sha256(&[&newer])).map(|_| ()),
        Err(Refusal::VaultRolledBack)
    );
    assert_eq!(
        Vault::decode(&older, 4, &sha256(&[&older])).map(|_| ()),
        Err(Refusal::VaultRolledBack)
    );
    assert!(Vault::decode(&newer, 4, &sha256(&[&newer])).is_ok());
}

#[test]
fn a_row_gives_back_the_keys_of_its_epoch() {
    let (signer, paper) = (KeyPair::from_seed([1; 32]), paper(7));
    let sealed = VaultRow::seal(&crypto(), &writer(&signer, &[paper.public()]), ROW, &row_contents()).unwrap();
    let row = VaultRow::decode(&sealed).unwrap();
    assert_eq!((row.place, row.device), (ROW, DEVICE));
    assert_eq!(
        row.open(&crypto(), ORG, USER, signer.public(), &paper),
        Ok(row_contents())
    );
    assert_eq!(
        row.open(&crypto(), ORG, User([0; 32]), signer.public(), &paper),
        Err(Refusal::Corrupt)
    );
    assert_eq!(
        row.open(&crypto(), ORG, USER, KeyPair::from_seed([2; 32]).public(), &paper),
        Err(Refusal::BadSignature)
    );
}

#[test]
fn no_altered_row_opens() {
    let (signer, paper, crypto) = (KeyPair::from_seed([1; 32]), paper(7), crypto());
    let sealed = VaultRow::seal(&crypto, &writer(&signer, &[paper.public()]), ROW, &row_contents()).unwrap();
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1 << (at % 8);
        // Who wrote it is no part of the signature: it names the key the signature is checked with.
        let opened = VaultRow::decode(&altered).and_then(|row| {
            let public = if row.device == DEVICE {
                *signer.public()
            } else {
                [0; 32]
            };
            row.open(&crypto, ORG, USER, &public, &paper)
        });
        assert!(opened.is_err(), "byte {at}");
    }
    for len in 0..sealed.len() {
        assert_eq!(VaultRow::decode(&sealed[..len]).map(|_| ()), Err(Refusal::Malformed));
    }
}

#[test]
fn a_row_or_vault_never_panics_on_a_recovery_public_key_that_is_none() {
    let (signer, crypto) = (KeyPair::from_seed([1; 32]), crypto());
    let by = Writer {
        org: ORG,
        user: USER,
        device: Device([0; 16]),
        signer: &signer,
        papers: &[PaperPublic {
            id: [0; 16],
            seal: [0xff; 1216],
        }],
    };
    let _ = VaultRow::seal(&crypto, &by, ROW, &row_contents());
    let _ = Vault::seal(
        &crypto,
        &by,
        0,
        &VaultContents {
            dir: Head { n: 0, hash: [0; 32] },
            settings: vec![],
            conversations: vec![],
        },
    );
}
