//! Receipts, typing and presence: sealed, and believed only from who is there now.

use inmost_core::frames::{Receipt, Signalled, Told};
use inmost_core::input::InputKind;
use inmost_core::map;
use inmost_core::pack::{self, Value};
use inmost_core::signals::{PRESENCE_SHOWN_MS, TYPING_EVERY_MS, TYPING_SHOWN_MS};
use inmost_public::ids::Conversation;

use crate::world::{Who, World};

fn types(world: &mut World, who: Who, room: Conversation, on: bool) {
    world
        .command(who, "signal", map! {"conversation" => room, "typing" => on})
        .unwrap();
    world.deliver();
}

fn typing(world: &mut World, who: Who, room: Conversation) -> Value {
    world.about(who, room).get("typing").clone()
}

/// Take a signal off the wire instead of delivering it.
fn recorded(world: &mut World, who: Who, room: Conversation) -> Vec<u8> {
    world.give(who, "signal", map! {"conversation" => room, "typing" => true});
    let frame = world.clients[who].outbox.pop_back().unwrap();
    let Value::Array(fields) = pack::decode(&frame).unwrap() else {
        panic!()
    };
    fields.last().unwrap().bytes().unwrap().to_vec()
}

fn hand(world: &mut World, to: Who, from: Who, room: Conversation, sealed: &[u8]) {
    let device = world.clients[from].device;
    let told = Told::from(Signalled {
        conversation: room,
        device,
        sealed: sealed.to_vec(),
    });
    world.step(to, InputKind::Frame(told.encode()));
}

#[test]
fn typing_shows_while_it_lasts_and_is_over_by_itself() {
    let mut world = World::team(31, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    types(&mut world, 1, room, true);
    assert_eq!(typing(&mut world, 0, room), world.people(&[1]));
    world.pass(TYPING_SHOWN_MS - 1);
    assert_eq!(typing(&mut world, 0, room), world.people(&[1]));
    world.pass(1);
    assert_eq!(typing(&mut world, 0, room), world.people(&[]));
    assert_eq!(world.heard(0, "typing"), 2);
    types(&mut world, 1, room, true);
    world.send(1, room, "what I typed");
    assert_eq!(typing(&mut world, 0, room), world.people(&[]));
    world.assert_calm();
}

#[test]
fn a_host_that_says_every_letter_sends_one_signal_in_four_seconds() {
    let mut world = World::team(32, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let mut sent = 0;
    for _ in 0..40 {
        world.give(1, "signal", map! {"conversation" => room, "typing" => true});
        sent += world.clients[1].outbox.len();
        world.deliver();
        world.now += TYPING_EVERY_MS / 10;
    }
    assert_eq!(sent, 4);
    world.give(1, "signal", map! {"conversation" => room, "typing" => false});
    world.give(1, "signal", map! {"conversation" => room, "typing" => false});
    assert_eq!(world.clients[1].outbox.len(), 1);
}

#[test]
fn a_removed_members_typing_and_receipt_are_not_shown() {
    let mut world = World::team(33, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1, 2]);
    let n = world.send(0, room, "hello");
    let typed = recorded(&mut world, 2, room);
    world.give(2, "read", map! {"conversation" => room, "n" => n});
    let frame = world.clients[2].outbox.pop_back().unwrap();
    let Value::Array(fields) = pack::decode(&frame).unwrap() else {
        panic!()
    };
    let receipt = fields.last().unwrap().bytes().unwrap().to_vec();
    world
        .command(
            0,
            "remove",
            map! {"conversation" => room, "users" => world.people(&[2])},
        )
        .unwrap();
    world.settle();
    // The server is in league with her and hands over what she sealed while she was a member.
    hand(&mut world, 1, 2, room, &typed);
    let device = world.clients[2].device;
    let told = Told::from(Receipt {
        conversation: room,
        device,
        sealed: receipt,
    });
    world.step(1, InputKind::Frame(told.encode()));
    assert_eq!(typing(&mut world, 1, room), world.people(&[]));
    assert_eq!((world.heard(1, "typing"), world.heard(1, "receipt")), (0, 0));
    assert_eq!(world.about(1, room).get("receipts").list().unwrap().len(), 0);
}

#[test]
fn a_signal_that_the_server_plays_again_or_gives_to_somebody_else_is_nothing() {
    let mut world = World::team(34, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1, 2]);
    let other = world.create(0, "other", &[1, 2]);
    let typed = recorded(&mut world, 1, room);
    hand(&mut world, 0, 2, room, &typed);
    hand(&mut world, 0, 1, other, &typed);
    assert_eq!(world.heard(0, "typing"), 0, "it is Bob's, and of this conversation");
    hand(&mut world, 0, 1, room, &typed);
    assert_eq!(world.heard(0, "typing"), 1);
    world.pass(TYPING_SHOWN_MS);
    types(&mut world, 1, room, false);
    world.now += 1_000;
    let newer = recorded(&mut world, 1, room);
    hand(&mut world, 0, 1, room, &newer);
    world.pass(TYPING_SHOWN_MS);
    let heard = world.heard(0, "typing");
    hand(&mut world, 0, 1, room, &typed);
    assert_eq!(world.heard(0, "typing"), heard, "older than what came since");
    world.now += 600_000;
    hand(&mut world, 0, 1, room, &newer);
    assert_eq!(world.heard(0, "typing"), heard, "minutes old");
}

#[test]
fn a_signal_delivered_as_a_message_or_receipt_is_neither() {
    let mut world = World::team(35, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let typed = recorded(&mut world, 1, room);
    let device = world.clients[1].device;
    let told = Told::from(Receipt {
        conversation: room,
        device,
        sealed: typed,
    });
    world.step(0, InputKind::Frame(told.encode()));
    assert_eq!((world.heard(0, "typing"), world.heard(0, "receipt")), (0, 0));
}

#[test]
fn presence_is_said_again_until_it_is_taken_back_and_fades_by_itself() {
    let mut world = World::team(36, &["alice", "bob"]);
    let presence = |world: &mut World| {
        let people = world.view(0, "people", map! {});
        let bob = people
            .list()
            .unwrap()
            .iter()
            .find(|person| person.field("user") == Ok(world.user(1)))
            .unwrap()
            .clone();
        bob.get("presence").text().ok().map(str::to_owned)
    };
    assert_eq!(presence(&mut world), None, "nobody says anything unasked");
    world.give(1, "presence", map! {"active" => true});
    world.pass(1);
    assert_eq!(presence(&mut world).as_deref(), Some("active"));
    world.pass(10 * PRESENCE_SHOWN_MS);
    assert_eq!(presence(&mut world).as_deref(), Some("active"));
    world.give(1, "presence", map! {"active" => false});
    world.pass(1);
    assert_eq!(presence(&mut world).as_deref(), Some("idle"));
    world.give(1, "presence", map! {"active" => Value::Nil});
    world.pass(PRESENCE_SHOWN_MS);
    assert_eq!(presence(&mut world), None);
    assert_eq!(world.heard(0, "presence"), 3);
    world.assert_calm();
}

#[test]
fn nobody_has_read_what_is_not_there_and_nobody_unreads() {
    let mut world = World::team(37, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let n = world.send(0, room, "hello");
    world
        .command(1, "read", map! {"conversation" => room, "n" => i64::MAX as u64})
        .unwrap();
    world.deliver();
    let read = |world: &mut World| {
        world.about(0, room).get("receipts").list().unwrap()[0]
            .field::<u64>("n")
            .unwrap()
    };
    assert_eq!(read(&mut world), n);
    world
        .command(1, "read", map! {"conversation" => room, "n" => 0u64})
        .unwrap();
    world.deliver();
    assert_eq!(read(&mut world), n);
    world.assert_calm();
}

#[test]
fn the_newest_signal_played_again_shows_nobody_typing_who_stopped() {
    let mut world = World::team(36, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let typed = recorded(&mut world, 1, room);
    hand(&mut world, 0, 1, room, &typed);
    world.pass(TYPING_SHOWN_MS);
    assert_eq!(typing(&mut world, 0, room), world.people(&[]));
    hand(&mut world, 0, 1, room, &typed);
    assert_eq!(typing(&mut world, 0, room), world.people(&[]));
    assert_eq!(
        world.heard(0, "typing"),
        2,
        "ATTACK SUCCEEDED: who had stopped is shown to type again"
    );
}
