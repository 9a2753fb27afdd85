//! Marks: read positions, drafts, pins, mutes and verification, the same on all of a person's devices.

use inmost_core::map;
use inmost_core::pack::Value;
use inmost_core::personal::SNAPSHOT_EVERY;
use inmost_public::ids::{personal_conversation, Conversation};

use crate::world::{Who, World};

fn shelf(world: &mut World, who: Who, room: Conversation) -> (Option<u64>, Option<String>, bool, bool) {
    let seen = world.about(who, room);
    (
        seen.field("read_n").unwrap(),
        seen.field("draft").unwrap(),
        seen.field("is_pinned").unwrap(),
        seen.field("is_muted").unwrap(),
    )
}

fn set(world: &mut World, who: Who, name: &str, room: Conversation, value: Value) {
    let arguments = match name {
        "set_draft" => map! {"conversation" => room, "text" => value},
        "read" => map! {"conversation" => room, "n" => value},
        _ => map! {"conversation" => room, "on" => value},
    };
    world.now_do(who, name, arguments).unwrap();
}

fn is_verified(world: &mut World, who: Who, of: Who) -> bool {
    let people = world.view(who, "people", map! {});
    let person = people
        .list()
        .unwrap()
        .iter()
        .find(|person| person.field("user") == Ok(world.user(of)))
        .unwrap();
    person.field("verified").unwrap()
}

#[test]
fn a_device_that_comes_back_by_recovery_has_every_mark() {
    let mut world = World::team(41, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let n = world.send(0, room, "hello");
    set(&mut world, 1, "read", room, Value::Uint(n));
    set(&mut world, 1, "set_draft", room, Value::Text("half a thought".into()));
    set(&mut world, 1, "pin_conversation", room, Value::Bool(true));
    set(&mut world, 1, "mute", room, Value::Bool(true));
    let number: String = world
        .view(1, "safety", map! {"user" => world.user(0)})
        .field("number")
        .unwrap();
    world
        .command(1, "mark_verified", map! {"user" => world.user(0), "number" => number})
        .unwrap();
    world.settle();
    world.disconnect(1);
    let back = world.recover(1, true).unwrap();
    let expected = (Some(n), Some("half a thought".to_owned()), true, true);
    assert_eq!(shelf(&mut world, back, room), expected);
    assert!(is_verified(&mut world, back, 0) && !is_verified(&mut world, 0, 1));
    world.assert_calm();
}

#[test]
fn two_devices_of_a_person_agree_on_what_was_said_last() {
    let mut world = World::team(42, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let n = world.send(0, room, "hello");
    let second = world.recover(1, false).unwrap();
    set(&mut world, 1, "mute", room, Value::Bool(true));
    set(
        &mut world,
        second,
        "set_draft",
        room,
        Value::Text("from the second".into()),
    );
    world.settle();
    set(&mut world, second, "mute", room, Value::Bool(false));
    world.disconnect(1);
    set(
        &mut world,
        1,
        "set_draft",
        room,
        Value::Text("from the first, offline".into()),
    );
    set(&mut world, second, "read", room, Value::Uint(n));
    set(
        &mut world,
        second,
        "set_draft",
        room,
        Value::Text("from the second again".into()),
    );
    world.settle();
    world.connect(1);
    world.settle();
    let expected = (Some(n), Some("from the first, offline".to_owned()), false, false);
    assert_eq!(shelf(&mut world, 1, room), expected);
    assert_eq!(shelf(&mut world, second, room), expected);
    assert_eq!(shelf(&mut world, 0, room).1, None, "it is nobody else's");
    assert!(world.heard(second, "mark") > 0);
    world.assert_calm();
}

#[test]
fn reading_on_and_typing_on_say_so_once_in_a_while() {
    let mut world = World::team(43, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.settle();
    let before = world.about(1, personal(&world, 1)).field::<u64>("n").unwrap();
    for i in 0..20u64 {
        let n = world
            .say(0, room, map! {"type" => "text", "text" => format!("{i}")})
            .unwrap();
        set(&mut world, 1, "read", room, Value::Uint(n));
        set(&mut world, 1, "set_draft", room, Value::Text(format!("{i} letters")));
        world.now += 100;
    }
    world.settle();
    let after: u64 = world.about(1, personal(&world, 1)).field("n").unwrap();
    assert!(
        (1..=2).contains(&(after - before)),
        "{} messages for 20 positions and 20 drafts",
        after - before
    );
    world.assert_calm();
}

#[test]
fn a_mark_set_just_before_the_process_dies_is_said_by_the_next() {
    let mut world = World::team(44, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.give(1, "set_draft", map! {"conversation" => room, "text" => "not lost"});
    world.restart(1);
    world.connect(1);
    world.settle();
    world.disconnect(1);
    let back = world.recover(1, true).unwrap();
    assert_eq!(shelf(&mut world, back, room).1.as_deref(), Some("not lost"));
    world.assert_calm();
}

#[test]
fn after_many_marks_a_new_device_reads_back_to_where_all_was_said_again() {
    let mut world = World::team(45, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    set(&mut world, 1, "pin_conversation", room, Value::Bool(true));
    set(&mut world, 1, "set_draft", room, Value::Text("begun long ago".into()));
    world.settle();
    for i in 0..=SNAPSHOT_EVERY {
        set(&mut world, 1, "mute", room, Value::Bool(i % 2 == 0));
        world.deliver();
    }
    world.settle();
    world.disconnect(1);
    let back = world.recover(1, true).unwrap();
    let expected = (None, Some("begun long ago".to_owned()), true, true);
    assert_eq!(shelf(&mut world, back, room), expected);
    let loaded_first: u64 = world.about(back, personal(&world, 1)).field("loaded_first").unwrap();
    assert!(loaded_first > 0, "it read the whole log");
    world.assert_calm();
}

#[test]
fn marks_said_outside_the_personal_group_are_dropped_and_a_text_in_it_is_a_text() {
    let mut world = World::team(46, &["alice", "bob"]);
    let own = personal(&world, 0);
    world.send(0, own, "a note to myself");
    assert_eq!(world.texts(0, own), ["a note to myself"]);
    assert!(world.kinds(0, own).iter().all(|kind| kind != "unknown"));
    let marks = map! {"type" => "marks", "since" => Value::Nil, "marks" => Value::Array(vec![])};
    assert_eq!(
        world.say(0, own, marks).unwrap_err(),
        "Malformed",
        "no host says marks as a message"
    );
}

fn personal(world: &World, who: Who) -> Conversation {
    personal_conversation(world.org, world.user(who))
}
