//! Messages that end.

use inmost_core::input::InputKind;
use inmost_core::map;
use inmost_core::pack::Value;
use inmost_public::ids::Conversation;

use crate::world::{Who, World};

const MINUTE_MS: u64 = 60_000;

fn for_a_minute(text: &str) -> Value {
    map! {"type" => "text", "text" => text, "expires_after_ms" => MINUTE_MS}
}

/// Whether the words are anywhere in what a device keeps: rows to show, and the engine's own.
fn keeps(world: &World, who: Who, words: &str) -> bool {
    let client = &world.clients[who];
    let has = |bytes: &[u8]| bytes.windows(words.len()).any(|part| part == words.as_bytes());
    client.rows.values().any(|value| has(value))
        || client.messages.values().any(|row| has(&inmost_core::pack::encode(row)))
}

fn kind(world: &World, who: Who, room: Conversation, n: u64) -> String {
    world.row(who, room, n).unwrap().get("type").text().unwrap().to_owned()
}

#[test]
fn a_message_with_an_end_leaves_every_device_at_its_time() {
    let mut world = World::team(21, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let n = world.say(0, room, for_a_minute("the code is 4711")).unwrap();
    world.pass(MINUTE_MS - 2_000);
    assert!(keeps(&world, 0, "4711") && keeps(&world, 1, "4711"));
    world.pass(2_000);
    for who in [0, 1] {
        assert!(!keeps(&world, who, "4711"));
        assert_eq!(kind(&world, who, room, n), "expired");
        assert_eq!(world.heard(who, "expired"), 1);
    }
    world.assert_calm();
}

#[test]
fn a_device_that_was_off_at_the_time_deletes_when_it_starts_and_needs_no_server() {
    let mut world = World::team(22, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let n = world.say(0, room, for_a_minute("the code is 4711")).unwrap();
    world.disconnect(1);
    world.restart(1);
    world.now += 2 * MINUTE_MS;
    assert!(keeps(&world, 1, "4711"));
    world.step(1, InputKind::Tick);
    assert!(!keeps(&world, 1, "4711"));
    assert_eq!(kind(&world, 1, room, n), "expired");
}

#[test]
fn what_ended_before_it_was_read_is_never_written_down() {
    let mut world = World::team(23, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.disconnect(1);
    let n = world.say(0, room, for_a_minute("the code is 4711")).unwrap();
    world.pass(2 * MINUTE_MS);
    world.connect(1);
    world.settle();
    assert!(!keeps(&world, 1, "4711"));
    assert_eq!(kind(&world, 1, room, n), "expired");
    assert_eq!(world.heard(1, "expired"), 0);
    world.assert_calm();
}

#[test]
fn an_edit_of_what_ends_ends_with_it() {
    let mut world = World::team(24, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let n = world.say(0, room, for_a_minute("the code is 4711")).unwrap();
    let target = world.reference(0, room, n);
    world.pass(30_000);
    let edit = world
        .say(
            0,
            room,
            map! {"type" => "edit", "target" => target, "text" => "no, 4712"},
        )
        .unwrap();
    assert!(keeps(&world, 1, "4712"));
    world.pass(29_000);
    assert!(keeps(&world, 1, "4712"));
    world.pass(1_000);
    for who in [0, 1] {
        assert!(!keeps(&world, who, "4712"));
        assert!(world.row(who, room, edit).is_none(), "nothing is left of an edit");
    }
    world.assert_calm();
}

#[test]
fn what_ends_while_it_waits_is_given_back_and_not_sent() {
    let mut world = World::team(25, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.disconnect(0);
    let id = world.give(
        0,
        "send",
        map! {"conversation" => room, "content" => for_a_minute("the code is 4711")},
    );
    assert!(keeps(&world, 0, "4711"));
    world.now += MINUTE_MS;
    world.step(0, InputKind::Tick);
    assert_eq!(world.outcome(0, id), Some(Err("Expired".to_owned())));
    assert!(!keeps(&world, 0, "4711"));
    world.connect(0);
    world.settle();
    assert!(world.texts(1, room).is_empty());
    world.assert_calm();
}

#[test]
fn a_clock_that_is_ahead_gives_no_longer_life_on_others_devices() {
    let mut world = World::team(26, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.now += 600_000; // when Alice writes; Bob's device has the right time
    let sent = world.give(
        0,
        "send",
        map! {"conversation" => room, "content" => for_a_minute("the code is 4711")},
    );
    world.now -= 600_000;
    world.deliver();
    let n: u64 = world.outcome(0, sent).unwrap().unwrap().field("n").unwrap();
    let due_ms: u64 = world.row(1, room, n).unwrap().field("expires_ms").unwrap();
    assert!(due_ms <= world.now + MINUTE_MS);
}
