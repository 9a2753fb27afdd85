//! How long one `step` takes for a message of 200 bytes, said and heard, and for a page of 50: medians, for whoever tunes the hot path.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

#[path = "../tests/world/mod.rs"]
mod world;

use std::time::Instant;

use inmost_core::input::{Input, InputKind};
use inmost_core::map;
use inmost_core::pack::Value;
use world::World;

fn median(mut times: Vec<u128>) -> u128 {
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    let mut world = World::team(1, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let text = "x".repeat(200);
    let (mut said, mut accepted, mut heard) = (vec![], vec![], vec![]);
    for _ in 0..2_000 {
        let content = map! {"type" => "text", "text" => text.clone(), "mentions" => Value::Array(vec![])};
        let id = world.entropy()[..16].try_into().unwrap();
        let kind = InputKind::Command {
            id,
            name: "send".into(),
            arguments: map! {"conversation" => room, "content" => content},
        };
        let input = Input {
            now_ms: world.now,
            entropy: world.entropy(),
            kind,
        }
        .encode();
        let start = Instant::now();
        let effects = world.clients[0].engine.step(&input).unwrap();
        said.push(start.elapsed().as_nanos());
        world.carry_out(0, &effects);
        world.turn(0);
        for (who, times) in [(0, &mut accepted), (1, &mut heard)] {
            while let Some(frame) = world.clients[who].inbox.pop_front() {
                let input = Input {
                    now_ms: world.now,
                    entropy: world.entropy(),
                    kind: InputKind::Frame(frame),
                }
                .encode();
                let start = Instant::now();
                let effects = world.clients[who].engine.step(&input).unwrap();
                times.push(start.elapsed().as_nanos());
                world.carry_out(who, &effects);
            }
        }
    }
    println!(
        "say {} ns, accepted (and its item) {} ns, hear {} ns",
        median(said),
        median(accepted),
        median(heard)
    );
    world.disconnect(1);
    let again = world.recover(1, false).unwrap();
    let mut pages = vec![];
    let mut before = Value::Nil;
    for _ in 0..20 {
        let start = Instant::now();
        let page = world
            .command(
                again,
                "page",
                map! {"conversation" => room, "before" => before, "limit" => 50u64},
            )
            .unwrap();
        pages.push(start.elapsed().as_nanos());
        before = page.get("first").clone();
    }
    println!("page of 50 {} ns (with the server's part)", median(pages));
}
