//! Sealed messages: who may open what, and what is refused with which name.

use inmost_core::aead;
use inmost_core::content::{Content, Kind};
use inmost_core::keys::ContentKey;
use inmost_core::message::{open, seal, Place, Roster, Sealed, Sealer};
use inmost_core::padme;
use inmost_core::signature::dev_sign;
use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::{sha256, Conversation, Device, Group, Message, Org};
use inmost_public::limits::{MAX_EPHEMERAL_BYTES, MAX_SEALED_BYTES, MAX_TEXT_BYTES, MIN_SEALED_BYTES};
use inmost_public::sign::KeyPair;
use inmost_public::Refusal;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::fixture::*;

#[test]
fn what_alice_says_opens_for_the_members_as_she_said_it() {
    let (alice, content) = (alice(), text("Grüße, 世界 👋🏽"));
    let opened = alice.open(&alice.seal(&content)).unwrap();
    assert_eq!(opened.content, content);
    assert_eq!(opened.content_hash, sha256(&[&cbor::encode(&content.to_item())]));
    assert_eq!((opened.seen, opened.dir, opened.time_ms), (SEEN, DIR, TIME_MS));
    assert_eq!(
        (opened.header.device, opened.header.id, opened.header.epoch),
        (DEVICE, ID, EPOCH)
    );
}

#[test]
fn every_single_flipped_bit_is_refused() {
    let alice = alice();
    let sealed = alice.seal(&text("each bit counts"));
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(alice.open(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn a_cut_or_extended_message_is_refused() {
    let alice = alice();
    let sealed = alice.seal(&text("whole"));
    for len in 0..sealed.len() {
        let refusal = alice.open(&sealed[..len]).unwrap_err();
        assert_eq!(
            refusal,
            if len < MIN_SEALED_BYTES {
                Refusal::TooLarge
            } else {
                Refusal::Malformed
            }
        );
    }
    assert_eq!(alice.open(&[&sealed[..], &[0]].concat()), Err(Refusal::Malformed));
}

#[test]
fn a_replay_in_another_conversation_group_epoch_or_by_another_device_is_in_the_wrong_place() {
    let alice = alice();
    let sealed = alice.seal(&text("here"));
    let here = place(Kind::Message);
    assert!(alice
        .open_at(
            &Place {
                epoch: Some(EPOCH),
                device: Some(DEVICE),
                ..here
            },
            &sealed
        )
        .is_ok());
    for elsewhere in [
        Place {
            conversation: Conversation([0xee; 16]),
            ..here
        },
        Place {
            group: Group([0xee; 16]),
            ..here
        },
        Place {
            epoch: Some(EPOCH + 1),
            ..here
        },
        Place {
            device: Some(Device([0xee; 16])),
            ..here
        },
    ] {
        assert_eq!(alice.open_at(&elsewhere, &sealed), Err(Refusal::WrongPlace));
    }
}

#[test]
fn a_device_outside_the_roster_of_the_epoch_is_refused() {
    let alice = alice();
    let content = text("let me in");
    for sealer in [
        Sealer {
            epoch: EPOCH + 1,
            ..alice.sealer()
        },
        Sealer {
            device: Device([0xee; 16]),
            ..alice.sealer()
        },
    ] {
        let sealed = seal(&sealer, ID, &statement(&content), &RANDOM).unwrap();
        assert_eq!(alice.open(&sealed), Err(Refusal::NotInRoster));
    }
}

#[test]
fn without_the_epochs_key_or_roster_a_message_waits_for_history() {
    let alice = alice();
    let sealed = alice.seal(&text("older"));
    let here = place(Kind::Message);
    assert_eq!(
        open(&sealed, ORG, &here, |e, d| alice.roster(e, d), |_| None),
        Err(Refusal::WaitingForHistory)
    );
    assert_eq!(
        open(&sealed, ORG, &here, |_, _| Roster::NotKnownYet, |_| None),
        Err(Refusal::WaitingForHistory)
    );
}

#[test]
fn the_header_is_read_without_any_key() {
    let header = Sealed::parse(&alice().seal(&text("sorted by epoch first")))
        .unwrap()
        .header;
    assert_eq!(
        (header.epoch, header.device, header.kind),
        (EPOCH, DEVICE, Kind::Message)
    );
}

#[test]
fn another_epochs_key_does_not_open_it() {
    let alice = alice();
    let sealed = alice.seal(&text("ours"));
    let other = |_| Some(ContentKey::from_bytes([0xee; 32]));
    assert_eq!(
        open(&sealed, ORG, &place(Kind::Message), |e, d| alice.roster(e, d), other),
        Err(Refusal::Corrupt)
    );
}

/// The parts of a sealed message, to forge others.
fn parts(sealed: &[u8]) -> (Vec<u8>, [u8; 32], Vec<u8>) {
    let item = cbor::decode(sealed).unwrap();
    let [_, hdr, com, ct] = item.array().unwrap();
    (
        hdr.bytes().unwrap().to_vec(),
        com.fixed().unwrap(),
        ct.bytes().unwrap().to_vec(),
    )
}

/// A message with the right keys around any plaintext, as only a member can forge one.
fn forge(alice: &Alice, sealed: &[u8], plaintext: impl FnOnce(&[u8; 32], &[u8; 32]) -> Vec<u8>) -> Vec<u8> {
    let (hdr, _, _) = parts(sealed);
    let hdr_hash = sha256(&[&hdr]);
    let keys = alice.content_key.message_keys(&hdr_hash);
    let plaintext = plaintext(&hdr_hash, &keys.commitment);
    let ct = aead::seal(
        &keys.key,
        &keys.nonce,
        &plaintext,
        &[&hdr[..], &keys.commitment].concat(),
    )
    .unwrap();
    cbor::encode(&cbor![1, hdr, keys.commitment, ct])
}

fn signed_plaintext(alice: &Alice, label: &str, org: Org, hdr_hash: &[u8; 32], com: &[u8; 32], body: Item) -> Vec<u8> {
    let body = cbor::encode(&body);
    let signature = dev_sign(&alice.signer, label, org, cbor![hdr_hash, com, sha256(&[&body])]).unwrap();
    cbor::encode(&cbor![body, signature])
}

fn padded(mut plaintext: Vec<u8>) -> Vec<u8> {
    padme::pad(&mut plaintext);
    plaintext
}

#[test]
fn a_ciphertext_that_another_key_opens_is_refused_by_its_commitment() {
    let alice = alice();
    // The forger knows both epochs' keys: ciphertext and tag are right for the second key, the commitment is the first one's.
    let sealed = alice.seal(&text("one of two"));
    let (hdr, _, _) = parts(&sealed);
    let keys = alice.content_key.message_keys(&sha256(&[&hdr]));
    let other_commitment = ContentKey::from_bytes([0xee; 32])
        .message_keys(&sha256(&[&hdr]))
        .commitment;
    let plaintext = padded(signed_plaintext(
        &alice,
        "message",
        ORG,
        &sha256(&[&hdr]),
        &other_commitment,
        body(text("x").to_item()),
    ));
    let ct = aead::seal(
        &keys.key,
        &keys.nonce,
        &plaintext,
        &[&hdr[..], &other_commitment].concat(),
    )
    .unwrap();
    let forged = cbor::encode(&cbor![1, hdr, other_commitment, ct]);
    assert_eq!(alice.open(&forged), Err(Refusal::Corrupt));
}

fn body(content: Item) -> Item {
    cbor![content, SEEN, DIR, TIME_MS]
}

#[test]
fn what_a_member_forges_is_refused_by_name() {
    let alice = alice();
    let sealed = alice.seal(&text("sealed well"));
    let said = || body(text("sealed well").to_item());
    let forged = forge(&alice, &sealed, |hdr, com| {
        padded(signed_plaintext(&alice, "message", ORG, hdr, com, said()))
    });
    assert_eq!(forged, sealed, "the forger's tools make the real thing");

    let wrong: [(&str, Refusal, Vec<u8>); 9] = [
        (
            "no padding",
            Refusal::Malformed,
            forge(&alice, &sealed, |hdr, com| {
                signed_plaintext(&alice, "message", ORG, hdr, com, said())
            }),
        ),
        (
            "padding that is not zero",
            Refusal::Malformed,
            forge(&alice, &sealed, |hdr, com| {
                let mut plaintext = padded(signed_plaintext(&alice, "message", ORG, hdr, com, said()));
                *plaintext.last_mut().unwrap() = 1;
                plaintext
            }),
        ),
        (
            "not CBOR",
            Refusal::Malformed,
            forge(&alice, &sealed, |_, _| vec![0xff; 64]),
        ),
        (
            "another label",
            Refusal::BadSignature,
            forge(&alice, &sealed, |hdr, com| {
                padded(signed_plaintext(&alice, "entry", ORG, hdr, com, said()))
            }),
        ),
        (
            "another organisation",
            Refusal::BadSignature,
            forge(&alice, &sealed, |hdr, com| {
                padded(signed_plaintext(&alice, "message", Org([9; 16]), hdr, com, said()))
            }),
        ),
        (
            "a signature for another header",
            Refusal::BadSignature,
            forge(&alice, &sealed, |_, com| {
                padded(signed_plaintext(&alice, "message", ORG, &[0; 32], com, said()))
            }),
        ),
        (
            "content of another kind",
            Refusal::WrongKind,
            forge(&alice, &sealed, |hdr, com| {
                padded(signed_plaintext(
                    &alice,
                    "message",
                    ORG,
                    hdr,
                    com,
                    body(cbor!["receipt", 4]),
                ))
            }),
        ),
        (
            "a body with something more",
            Refusal::Malformed,
            forge(&alice, &sealed, |hdr, com| {
                padded(signed_plaintext(&alice, "message", ORG, hdr, com, cbor![1, 2, 3, 4, 5]))
            }),
        ),
        (
            "content that is not content",
            Refusal::Malformed,
            forge(&alice, &sealed, |hdr, com| {
                padded(signed_plaintext(&alice, "message", ORG, hdr, com, body(Item::Null)))
            }),
        ),
    ];
    for (what, refusal, forged) in wrong {
        assert_eq!(alice.open(&forged), Err(refusal), "{what}");
    }
}

#[test]
fn a_member_cannot_speak_as_another() {
    let (alice, mallory) = (alice(), KeyPair::from_seed([0xee; 32]));
    let content = text("I am Alice");
    let sealed = seal(
        &Sealer {
            signer: &mallory,
            ..alice.sealer()
        },
        ID,
        &statement(&content),
        &RANDOM,
    )
    .unwrap();
    assert_eq!(alice.open(&sealed), Err(Refusal::BadSignature));
}

#[test]
fn a_receipt_is_no_message_and_a_signal_no_receipt() {
    let alice = alice();
    let all = [
        (Kind::Message, text("hi")),
        (Kind::Receipt, Content::Receipt { n: 3 }),
        (Kind::Ephemeral, Content::Typing { on: true }),
    ];
    for (kind, content) in &all {
        let sealed = alice.seal(content);
        for (expected, _) in &all {
            let opened = alice.open_at(&place(*expected), &sealed);
            assert_eq!(
                opened.map(|opened| opened.content),
                if expected == kind {
                    Ok(content.clone())
                } else {
                    Err(Refusal::WrongKind)
                }
            );
        }
    }
}

#[test]
fn unknown_content_is_kept_and_never_sealed() {
    let alice = alice();
    let item = cbor!["poll", "lunch?", cbor!["yes", "no"]];
    let forged = forge(&alice, &alice.seal(&text("x")), |hdr, com| {
        padded(signed_plaintext(&alice, "message", ORG, hdr, com, body(item.clone())))
    });
    let opened = alice.open(&forged).unwrap();
    assert_eq!(opened.content, Content::Unknown { item });
    assert_eq!(
        seal(&alice.sealer(), ID, &statement(&opened.content), &RANDOM),
        Err(Refusal::Malformed)
    );
}

#[test]
fn sealing_again_keeps_id_and_content_and_shares_no_key() {
    let (alice, content) = (alice(), text("again"));
    let first = alice.seal(&content);
    let again = seal(&alice.sealer(), ID, &statement(&content), &[0xdd; 32]).unwrap();
    assert_ne!(
        parts(&first).1,
        parts(&again).1,
        "another salt, another commitment and key"
    );
    let (first, again) = (alice.open(&first).unwrap(), alice.open(&again).unwrap());
    assert_eq!(
        (first.header.id, first.content_hash),
        (again.header.id, again.content_hash)
    );
}

#[test]
fn a_sealed_size_tells_its_size_class_only() {
    let alice = alice();
    let sizes: std::collections::BTreeSet<usize> = (0..4_000)
        .map(|len| alice.seal(&text(&"x".repeat(len))).len())
        .collect();
    assert!(sizes.len() < 90, "{} sizes for 4,000 lengths", sizes.len());
}

#[test]
fn a_60_kb_paste_and_the_longest_text_open_and_a_longer_one_is_refused() {
    let alice = alice();
    for len in [60 * 1024, MAX_TEXT_BYTES] {
        let content = text(&"fn main() {}\t// ü\r\n".repeat(4_000)[..len]);
        let sealed = alice.seal(&content);
        assert!(sealed.len() <= MAX_SEALED_BYTES);
        assert_eq!(alice.open(&sealed).unwrap().content, content);
    }
    let longer = text(&"x".repeat(MAX_TEXT_BYTES + 1));
    assert_eq!(
        seal(&alice.sealer(), ID, &statement(&longer), &RANDOM),
        Err(Refusal::TooLarge)
    );
}

#[test]
fn a_message_or_signal_beyond_its_limit_is_refused_before_anything_is_computed() {
    let alice = alice();
    assert_eq!(alice.open(&vec![0; MAX_SEALED_BYTES + 1]), Err(Refusal::TooLarge));
    let (hdr, com, _) = parts(&alice.seal(&Content::Typing { on: true }));
    let large = cbor::encode(&cbor![1, hdr, com, vec![0u8; MAX_EPHEMERAL_BYTES]]);
    assert_eq!(alice.open_at(&place(Kind::Ephemeral), &large), Err(Refusal::TooLarge));
}

#[test]
fn another_version_kind_or_header_shape_is_malformed() {
    let alice = alice();
    let (hdr, com, ct) = parts(&alice.seal(&text("x")));
    assert_eq!(
        alice.open(&cbor::encode(&cbor![2, &hdr, com, &ct])),
        Err(Refusal::Malformed)
    );
    let ids = (CONVERSATION, GROUP, DEVICE, ID);
    let header = |version: u64, salt: usize, kind: u64| {
        cbor::encode(&cbor![
            version,
            ids.0,
            ids.1,
            EPOCH,
            ids.2,
            ids.3,
            vec![0u8; salt],
            kind
        ])
    };
    for hdr in [
        header(2, 16, 1),
        header(1, 15, 1),
        header(1, 16, 0),
        header(1, 16, 5),
        vec![],
        b"\x80".to_vec(),
    ] {
        assert_eq!(
            alice.open(&cbor::encode(&cbor![1, hdr, com, &ct])),
            Err(Refusal::Malformed)
        );
    }
}

#[test]
fn random_and_mangled_bytes_never_panic() {
    let alice = alice();
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let sealed = alice.seal(&text("mangle me"));
    for round in 0..20_000usize {
        let mut bytes = vec![0; round % 700];
        rng.fill_bytes(&mut bytes);
        assert!(alice.open(&bytes).is_err());
        let mut mangled = sealed.clone();
        for _ in 0..1 + round % 4 {
            let at = rng.next_u32() as usize % mangled.len();
            mangled[at] = rng.next_u32() as u8;
        }
        assert!(mangled == sealed || alice.open(&mangled).is_err());
    }
    // What a member seals around any bytes gets past the AEAD and into the inner parsers.
    for round in 0..20_000usize {
        let mut bytes = vec![0; 1 + round % 90];
        rng.fill_bytes(&mut bytes);
        bytes[0] = 0x80 | bytes[0] & 7;
        let forged = forge(&alice, &sealed, |_, _| bytes.clone());
        assert!(alice.open(&forged).is_err());
    }
}

#[test]
fn two_messages_never_share_a_key_even_with_a_broken_random_source() {
    let alice = alice();
    let mut commitments = std::collections::BTreeSet::new();
    for n in 0..200u8 {
        let said = text(&format!("message {n}"));
        let sealed = seal(&alice.sealer(), Message([1; 16]), &statement(&said), &[0; 32]).unwrap();
        assert!(commitments.insert(parts(&sealed).1));
    }
}
