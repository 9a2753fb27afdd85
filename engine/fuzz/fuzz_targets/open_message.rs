//! Any bytes as a sealed message, and any bytes as the plaintext that a member seals: refused or opened, never a panic.
#![no_main]

use inmost_core::aead;
use inmost_core::content::Kind;
use inmost_core::keys::ContentKey;
use inmost_core::message::{open, Place, Roster};
use inmost_public::cbor;
use inmost_public::ids::{sha256, Conversation, Group, Org};
use libfuzzer_sys::fuzz_target;

const PLACE: Place = Place {
    conversation: Conversation([2; 16]),
    group: Group([3; 16]),
    epoch: None,
    device: None,
    kind: Kind::Message,
};

fuzz_target!(|bytes: &[u8]| {
    let key = ContentKey::from_bytes([7; 32]);
    let open_here = |sealed: &[u8]| {
        let roster = |_, _| Roster::Has { sig_public: [9; 32] };
        open(sealed, Org([1; 16]), &PLACE, roster, |_| Some(key.clone()))
    };
    let _ = open_here(bytes);

    let hdr = cbor::encode(&cbor![
        1,
        PLACE.conversation,
        PLACE.group,
        5,
        [4u8; 16],
        [5u8; 16],
        [6u8; 16],
        1
    ]);
    let keys = key.message_keys(&sha256(&[&hdr]));
    let aad = [&hdr[..], &keys.commitment].concat();
    if let Ok(ciphertext) = aead::seal(&keys.key, &keys.nonce, bytes, &aad) {
        let _ = open_here(&cbor::encode(&cbor![1, hdr, keys.commitment, ciphertext]));
    }
});
