//! Polls, pins and threads as rows; who may do what.

use inmost_core::map;
use inmost_core::pack::Value;

use crate::world::World;

fn poll() -> Value {
    map! {"type" => "poll", "text" => "Lunch?", "options" => vec!["noon".to_owned(), "one".to_owned()], "multiple" => false}
}

#[test]
fn a_poll_its_votes_and_its_end_reach_everybody_as_rows() {
    let mut world = World::team(1, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let asked = world.say(0, room, poll()).unwrap();
    let target = world.reference(1, room, asked);
    let voted = world
        .say(
            1,
            room,
            map! {"type" => "vote", "target" => target.clone(), "choices" => vec![1u64]},
        )
        .unwrap();
    let closed = world
        .say(0, room, map! {"type" => "close", "target" => target.clone()})
        .unwrap();
    let seen = world.row(0, room, asked).unwrap();
    assert_eq!(
        (seen.get("type").text(), seen.get("text").text()),
        (Ok("poll"), Ok("Lunch?"))
    );
    let vote = world.row(0, room, voted).unwrap();
    assert_eq!(
        vote.field("user"),
        Ok(world.user(1)),
        "whose vote it is says the signature and nothing else"
    );
    assert_eq!((vote.get("target"), vote.field("choices")), (&target, Ok(vec![1u64])));
    assert_eq!(world.row(1, room, closed).unwrap().get("type").text(), Ok("close"));
    world.assert_calm();
}

#[test]
fn only_who_asked_closes_a_poll() {
    let mut world = World::team(2, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let asked = world.say(0, room, poll()).unwrap();
    let target = world.reference(1, room, asked);
    let n = world
        .say(1, room, map! {"type" => "close", "target" => target})
        .unwrap();
    assert!(world.row(0, room, n).is_none() && world.row(1, room, n).is_none());
    assert!(world.alarmed(0, "BadSeal"));
}

#[test]
fn who_was_removed_votes_no_more() {
    let mut world = World::team(3, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1, 2]);
    let asked = world.say(0, room, poll()).unwrap();
    let target = world.reference(2, room, asked);
    world
        .command(
            0,
            "remove",
            map! {"conversation" => room, "users" => world.people(&[2])},
        )
        .unwrap();
    world.settle();
    let vote = map! {"type" => "vote", "target" => target, "choices" => vec![0u64]};
    assert_eq!(world.say(2, room, vote).unwrap_err(), "NotAMember");
    assert!(!world.kinds(0, room).contains(&"vote".to_owned()));
    world.assert_calm();
}

#[test]
fn a_poll_that_nobody_could_read_is_refused_before_it_is_said() {
    let mut world = World::team(4, &["alice"]);
    let room = world.create(0, "plans", &[]);
    let one = map! {"type" => "poll", "text" => "Lunch?", "options" => vec!["noon".to_owned()], "multiple" => false};
    assert_eq!(world.say(0, room, one).unwrap_err(), "Malformed");
    let long = map! {"type" => "poll", "text" => "x".repeat(1_001), "options" => vec!["a".to_owned(), "b".to_owned()]};
    assert_eq!(world.say(0, room, long).unwrap_err(), "TooLarge");
    assert!(world.kinds(0, room).iter().all(|kind| kind != "poll"));
}

#[test]
fn members_pin_and_unpin_for_everybody_and_guests_do_not() {
    let mut world = World::team(5, &["alice", "bob"]);
    let link = world
        .command(0, "invite", map! {"account" => "gus", "role" => "guest", "is_bot" => false, "expires_ms" => world.now + 1_000_000, "name" => "gus"})
        .unwrap()
        .field::<String>("fragment")
        .unwrap();
    let gus = world.join("gus", &link, false);
    let room = world.create(0, "plans", &[1, gus]);
    let n = world.send(0, room, "the wifi is harbour42");
    let target = world.reference(1, room, n);
    let pin = |on: bool| map! {"type" => "pin", "target" => target.clone(), "on" => on};
    let pinned = world.say(1, room, pin(true)).unwrap();
    assert_eq!(world.row(gus, room, pinned).unwrap().get("on"), &Value::Bool(true));
    world.assert_calm();
    let unpinned = world.say(gus, room, pin(false)).unwrap();
    for who in [0, 1, gus] {
        assert!(world.row(who, room, unpinned).is_none());
        assert!(world.alarmed(who, "NotAllowed"));
    }
}

#[test]
fn a_reply_in_a_thread_names_its_root_and_an_edit_stays_in_it() {
    let mut world = World::team(6, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let n = world.send(0, room, "shall we?");
    let root = world.reference(1, room, n);
    let reply = map! {"type" => "text", "text" => "yes", "thread" => root.clone(), "mentions" => world.people(&[0])};
    let n = world.say(1, room, reply).unwrap();
    let row = world.row(0, room, n).unwrap();
    assert_eq!((row.get("thread"), row.get("text").text()), (&root, Ok("yes")));
    assert_eq!(row.get("mentions_me"), &Value::Bool(true));
    assert_eq!(world.row(1, room, n).unwrap().get("mentions_me"), &Value::Bool(false));
    let target = world.reference(1, room, n);
    let n = world
        .say(1, room, map! {"type" => "edit", "target" => target, "text" => "yes!"})
        .unwrap();
    assert_eq!(world.row(0, room, n).unwrap().get("thread"), &Value::Nil);
    world.assert_calm();
}
