//! Prints medians in µs of sealing and opening, and of what they are made of: `cargo run --release --example seal_open_bench`.
#![allow(clippy::disallowed_methods)] // it measures time; the engine does not

use std::hint::black_box;
use std::time::Instant;

use inmost_core::content::{Content, Kind};
use inmost_core::keys::{ContentKey, DeviceSeed};
use inmost_core::message::{open, seal, Place, Roster, Sealer, Statement};
use inmost_core::{aead, signature};
use inmost_public::cbor::Item;
use inmost_public::ids::{Conversation, Device, Group, Head, Message, Org};
use inmost_public::sign::{self, KeyPair};

const ORG: Org = Org([1; 16]);

fn median_us(name: &str, rounds: usize, mut work: impl FnMut()) {
    (0..rounds).for_each(|_| work());
    let mut samples: Vec<f64> = (0..41)
        .map(|_| {
            let start = Instant::now();
            (0..rounds).for_each(|_| work());
            start.elapsed().as_secs_f64() * 1e6 / rounds as f64
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    println!(
        "{name:<44} {:>9.2} µs   (fastest {:.2})",
        samples[samples.len() / 2],
        samples[0]
    );
}

fn main() {
    let (content_key, device_seed) = (ContentKey::from_bytes([2; 32]), DeviceSeed::from_bytes([3; 32]));
    let signer = KeyPair::from_seed([4; 32]);
    let (conversation, group) = (Conversation([5; 16]), Group([6; 16]));
    let sealer = Sealer {
        org: ORG,
        conversation,
        group,
        epoch: 7,
        device: Device([8; 16]),
        content_key: &content_key,
        signer: &signer,
        device_seed: &device_seed,
    };
    let head = Head {
        n: 1_000,
        hash: [9; 32],
    };
    let place = Place {
        conversation,
        group,
        epoch: None,
        device: None,
        kind: Kind::Message,
    };
    let open_one = |sealed: &[u8]| {
        let roster = |_, _| Roster::Has {
            sig_public: *signer.public(),
        };
        open(black_box(sealed), ORG, &place, roster, |_| Some(content_key.clone())).expect("sealed above")
    };
    for (name, len, rounds) in [("200 bytes", 200, 100), ("60 KB", 60_000, 10)] {
        let content = Content::Text {
            text: "x".repeat(len),
            reply_to: None,
            mentions: vec![],
        };
        let say = Statement {
            content: &content,
            seen: head,
            dir: head,
            time_ms: 1_700_000_000_000,
        };
        let seal_one = |n: u8| seal(&sealer, Message([n; 16]), black_box(&say), &[n; 32]).expect("within limits");
        median_us(&format!("seal {name}"), rounds, || drop(black_box(seal_one(1))));
        let sealed = seal_one(1);
        println!("  sealed: {} bytes", sealed.len());
        median_us(&format!("open {name}"), rounds, || drop(black_box(open_one(&sealed))));
        if len == 200 {
            let page: Vec<_> = (0..50).map(seal_one).collect();
            median_us("open a page of 50", 2, || {
                page.iter().for_each(|sealed| drop(black_box(open_one(sealed))))
            });
        }
    }
    let x = || Item::Bytes(vec![1; 100]);
    let signed = sign::dev_sign(&signer, "message", ORG, x());
    median_us("sign, libcrux", 100, || {
        black_box(sign::dev_sign(&signer, "message", ORG, x()));
    });
    median_us("sign, ed25519-dalek", 100, || {
        drop(black_box(signature::dev_sign(&signer, "message", ORG, x())))
    });
    let public = signer.public();
    median_us("verify, libcrux", 100, || {
        drop(black_box(sign::dev_verify(public, "message", ORG, x(), &signed)))
    });
    median_us("verify strict, ed25519-dalek", 100, || {
        drop(black_box(signature::dev_verify(public, "message", ORG, x(), &signed)))
    });
    let pt = vec![1; 448];
    median_us("AEAD seal 448 bytes, libcrux", 1000, || {
        drop(black_box(aead::seal(&[1; 32], &[2; 12], &pt, b"aad")))
    });
    median_us("message keys (HKDF)", 1000, || {
        drop(black_box(content_key.message_keys(&[1; 32])))
    });
}
