//! History links: the same bytes for everybody, and nothing but the epoch before.

use inmost_core::keys::{ContentKey, HistoryKey};
use inmost_core::link::{make_link, open_link, HistoryLink, LinkPlace, PastEpoch};
use inmost_public::ids::Group;
use inmost_public::Refusal;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::fixture::GROUP;

fn content_key(epoch: u8) -> ContentKey {
    ContentKey::from_bytes([0x40 + epoch; 32])
}

fn history_key(epoch: u8) -> HistoryKey {
    HistoryKey::from_bytes([0x60 + epoch; 32])
}

fn link(epoch: u8) -> Vec<u8> {
    make_link(
        &history_key(epoch),
        GROUP,
        epoch.into(),
        &content_key(epoch - 1),
        &[0x80 + epoch - 1; 32],
        &history_key(epoch - 1),
    )
    .unwrap()
}

#[test]
fn two_members_make_the_same_bytes() {
    assert_eq!(link(5), link(5));
}

#[test]
fn a_new_device_walks_back_from_one_history_key_to_the_first_epoch() {
    let links: Vec<_> = (1..=20).map(link).collect();
    let mut at = history_key(20);
    for epoch in (1..=20u8).rev() {
        let opened = open_link(&at, GROUP, epoch.into(), &links[usize::from(epoch) - 1]).unwrap();
        let HistoryLink::Previous {
            content_key: c,
            tree_hash,
            history_key: h,
        } = opened
        else {
            panic!("inside a segment")
        };
        assert_eq!(
            (c, tree_hash, &h),
            (content_key(epoch - 1), [0x80 + epoch - 1; 32], &history_key(epoch - 1))
        );
        at = h;
    }
}

#[test]
fn a_link_of_another_group_epoch_key_or_segment_is_wrong() {
    let bytes = link(5);
    let place = LinkPlace::within(GROUP, 5);
    assert!(HistoryLink::open(&history_key(5), &place, &bytes).is_ok());
    for (key, elsewhere) in [
        (
            history_key(5),
            LinkPlace {
                group: Group([0xee; 16]),
                ..place
            },
        ),
        (history_key(5), LinkPlace { epoch: 6, ..place }),
        (history_key(5), LinkPlace { first: 1, ..place }),
        (history_key(5), LinkPlace { seg: true, ..place }),
        (history_key(4), place),
    ] {
        assert_eq!(HistoryLink::open(&key, &elsewhere, &bytes), Err(Refusal::WrongLink));
    }
}

#[test]
fn every_flipped_bit_of_a_link_is_noticed() {
    let bytes = link(5);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            open_link(&history_key(5), GROUP, 5, &flipped),
            Err(Refusal::WrongLink),
            "bit {bit}"
        );
    }
}

#[test]
fn a_link_sealed_with_a_nonce_of_ones_own_is_wrong() {
    // A malicious member can make a valid tag under any nonce; only one nonce is the link's.
    let bytes = link(5);
    let keys = history_key(5).link_keys(GROUP, 5);
    let aad = inmost_public::cbor::encode(&inmost_public::cbor![1, GROUP, 5, 0, false]);
    let plaintext = inmost_core::aead::open(&keys.key, bytes[..12].try_into().unwrap(), &bytes[12..], &aad).unwrap();
    let resealed = [
        &[7; 12][..],
        &inmost_core::aead::seal(&keys.key, &[7; 12], &plaintext, &aad).unwrap(),
    ]
    .concat();
    assert_eq!(open_link(&history_key(5), GROUP, 5, &resealed), Err(Refusal::WrongLink));
}

#[test]
fn epoch_0_has_no_link() {
    let made = make_link(&history_key(0), GROUP, 0, &content_key(0), &[0; 32], &history_key(0));
    assert_eq!(made, Err(Refusal::Malformed));
}

fn segment(epochs: std::ops::Range<u8>) -> HistoryLink {
    HistoryLink::Segment(
        epochs
            .map(|epoch| PastEpoch {
                epoch: epoch.into(),
                content_key: content_key(epoch),
                tree_hash: [epoch; 32],
            })
            .collect(),
    )
}

#[test]
fn a_segments_first_link_lists_every_epoch_since_first_and_no_older_history_key() {
    let place = LinkPlace {
        group: GROUP,
        epoch: 9,
        first: 4,
        seg: true,
    };
    let bytes = segment(4..9).seal(&history_key(9), &place).unwrap();
    assert_eq!(HistoryLink::open(&history_key(9), &place, &bytes), Ok(segment(4..9)));
    for gap in [segment(5..9), segment(4..8), segment(3..9), segment(0..0)] {
        assert_eq!(gap.seal(&history_key(9), &place), Err(Refusal::Malformed));
    }
    let break_here = LinkPlace { first: 9, ..place };
    let empty = segment(0..0).seal(&history_key(9), &break_here).unwrap();
    assert_eq!(
        HistoryLink::open(&history_key(9), &break_here, &empty),
        Ok(segment(0..0))
    );
    assert_eq!(
        HistoryLink::open(&history_key(9), &LinkPlace { seg: false, ..place }, &bytes),
        Err(Refusal::WrongLink)
    );
}

#[test]
fn a_segments_bound_that_no_list_could_meet_is_refused_at_once() {
    let place = LinkPlace {
        group: GROUP,
        epoch: u64::MAX,
        first: 0,
        seg: true,
    };
    assert_eq!(segment(0..3).seal(&history_key(1), &place), Err(Refusal::Malformed));
}

#[test]
fn random_bytes_are_no_link() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    for round in 0..5_000usize {
        let mut bytes = vec![0; round % 300];
        rng.fill_bytes(&mut bytes);
        assert_eq!(open_link(&history_key(5), GROUP, 5, &bytes), Err(Refusal::WrongLink));
    }
    assert_eq!(
        open_link(&history_key(5), GROUP, 5, &vec![0; 65_537]),
        Err(Refusal::TooLarge)
    );
}
