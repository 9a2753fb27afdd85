//! Any bytes as a history link: WrongLink, never a panic.
#![no_main]

use inmost_core::keys::HistoryKey;
use inmost_core::link::{HistoryLink, LinkPlace};
use inmost_public::ids::Group;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for seg in [false, true] {
        let place = LinkPlace {
            group: Group([3; 16]),
            epoch: 5,
            first: 0,
            seg,
        };
        assert!(HistoryLink::open(&HistoryKey::from_bytes([1; 32]), &place, bytes).is_err());
    }
});
