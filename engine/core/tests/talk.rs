//! People who talk: the plain course of things.

mod world;

use inmost_core::map;
use inmost_core::pack::Value;
use world::World;

#[test]
fn two_people_and_one_message() {
    let mut world = World::team(1, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "hello");
    assert_eq!(world.texts(1, room), ["hello"]);
    world.send(1, room, "hello yourself");
    assert_eq!(world.texts(0, room), ["hello", "hello yourself"]);
    let view = world.view(1, "conversation", map! {"conversation" => room});
    assert_eq!(view.get("title").text(), Ok("plans"));
    world.assert_calm();
}

#[test]
fn who_is_added_later_reads_what_was_said_before() {
    let mut world = World::team(2, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1]);
    for i in 0..7 {
        world.send(i % 2, room, &format!("before {i}"));
        if i % 3 == 2 {
            world.command(0, "rotate", map! {"conversation" => room}).unwrap();
        }
    }
    world
        .command(1, "add", map! {"conversation" => room, "users" => world.people(&[2])})
        .unwrap();
    world.settle();
    let page = world
        .command(
            2,
            "page",
            map! {"conversation" => room, "before" => Value::Nil, "limit" => 100u64},
        )
        .unwrap();
    assert_eq!(
        page.get("waiting"),
        &Value::Bool(false),
        "{page:?} {:?}",
        world.alarms(2)
    );
    let expected: Vec<String> = (0..7).map(|i| format!("before {i}")).collect();
    assert_eq!(world.texts(2, room), expected);
    assert_eq!(
        world
            .view(2, "conversation", map! {"conversation" => room})
            .get("title")
            .text(),
        Ok("plans")
    );
    world.send(2, room, "I am here");
    assert_eq!(world.texts(0, room).last().unwrap(), "I am here");
    world.assert_calm();
}

#[test]
fn what_was_sealed_before_somebody_came_in_and_numbered_after_opens_for_them() {
    let mut world = World::team(19, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "before");
    let added = world.give(0, "add", map! {"conversation" => room, "users" => world.people(&[2])});
    while world.turn(0) {}
    // Bob has not seen the commit yet: what he says now is sealed for the epoch before it.
    let said = world.give(1, "send", map! {"conversation" => room, "content" => map! {"type" => "text", "text" => "hello", "mentions" => Value::Array(vec![])}});
    world.settle();
    assert!(matches!(world.outcome(0, added), Some(Ok(_))));
    let Some(Ok(accepted)) = world.outcome(1, said) else {
        panic!("bob's message was not taken");
    };
    // Carol's host is told of it without having asked for any page.
    let told: Vec<u64> = world.clients[2]
        .events
        .iter()
        .filter(|(name, details)| name == "message" && details.get("conversation").bytes() == Ok(&room.0[..]))
        .filter_map(|(_, details)| details.get("n").uint().ok())
        .collect();
    assert!(told.contains(&accepted.get("n").uint().unwrap()), "{told:?}");
    world.read_all(2, room);
    assert_eq!(world.texts(2, room), ["before", "hello"], "{:?}", world.alarms(2));
    assert!(!world.kinds(2, room).contains(&"unreadable".to_owned()));
    world.assert_calm();
}

#[test]
fn who_was_removed_opens_nothing_sealed_after() {
    let mut world = World::team(3, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1, 2]);
    world.send(0, room, "all of us");
    world
        .command(
            0,
            "remove",
            map! {"conversation" => room, "users" => world.people(&[2])},
        )
        .unwrap();
    world.settle();
    world.send(1, room, "without carol");
    assert_eq!(world.texts(2, room), ["all of us"]);
    assert_eq!(
        world
            .view(2, "conversation", map! {"conversation" => room})
            .get("state")
            .text(),
        Ok("removed")
    );
    assert_eq!(world.try_send(2, room, "let me in").unwrap_err(), "NotAMember");
    assert!(world.kinds(1, room).contains(&"left".to_owned()));
    world.assert_calm();
}

#[test]
fn who_leaves_is_let_out_by_the_others() {
    let mut world = World::team(4, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1, 2]);
    world.command(1, "leave", map! {"conversation" => room}).unwrap();
    world.settle();
    assert_eq!(
        world
            .view(1, "conversation", map! {"conversation" => room})
            .get("state")
            .text(),
        Ok("removed")
    );
    world.send(0, room, "bob has left");
    assert_eq!(world.texts(2, room), ["bob has left"]);
    assert!(world.texts(1, room).is_empty());
    world.assert_calm();
}

#[test]
fn who_was_removed_and_added_again_reads_on() {
    let mut world = World::team(5, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "one");
    world
        .command(
            0,
            "remove",
            map! {"conversation" => room, "users" => world.people(&[1])},
        )
        .unwrap();
    world.send(0, room, "alone");
    world
        .command(0, "add", map! {"conversation" => room, "users" => world.people(&[1])})
        .unwrap();
    world.settle();
    world.send(0, room, "together");
    assert_eq!(world.texts(1, room).last().unwrap(), "together");
    world.assert_calm();
}

#[test]
fn edits_count_by_the_author_only_and_deletes_by_moderators_too() {
    let mut world = World::team(6, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.send(1, room, "teh plan");
    let said = world.clients[0]
        .messages
        .values()
        .find(|row| row.get("text").text() == Ok("teh plan"))
        .unwrap()
        .clone();
    let target = Value::Array(vec![said.get("device").clone(), said.get("id").clone()]);
    let edit = |text: &str| map! {"conversation" => room, "content" => map! {"type" => "edit", "target" => target.clone(), "text" => text, "mentions" => Value::Array(vec![])}};
    world.command(1, "send", edit("the plan")).unwrap();
    world.settle();
    assert_eq!(world.kinds(0, room).iter().filter(|kind| *kind == "edit").count(), 1);
    world.assert_calm();
    world.command(0, "send", edit("my plan")).unwrap();
    world.settle();
    assert_eq!(world.kinds(1, room).iter().filter(|kind| *kind == "edit").count(), 1);
    assert!(world.alarms(1)[0].starts_with("BadSeal"));
    world
        .command(
            0,
            "send",
            map! {"conversation" => room, "content" => map! {"type" => "delete", "target" => target.clone()}},
        )
        .unwrap();
    world.settle();
    assert!(world.kinds(1, room).contains(&"delete".to_owned()));
}

#[test]
fn read_positions_and_typing_reach_the_others() {
    let mut world = World::team(7, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let n = world.send(0, room, "read me");
    world
        .command(1, "read", map! {"conversation" => room, "n" => n})
        .unwrap();
    world
        .command(1, "signal", map! {"conversation" => room, "typing" => true})
        .unwrap();
    world.settle();
    let has = |name: &str| {
        world.clients[0]
            .events
            .iter()
            .any(|(event, details)| event == name && details.field("user") == Ok(world.user(1)))
    };
    assert!(has("receipt") && has("typing"));
}

#[test]
fn what_is_said_offline_goes_out_in_order_when_connected() {
    let mut world = World::team(8, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.disconnect(1);
    let ids: Vec<_> = (0..5).map(|i| world.give(1, "send", map! {"conversation" => room, "content" => map! {"type" => "text", "text" => format!("offline {i}"), "mentions" => Value::Array(vec![])}})).collect();
    world.send(0, room, "meanwhile");
    world.command(0, "rotate", map! {"conversation" => room}).unwrap();
    world.connect(1);
    world.settle();
    assert!(ids.iter().all(|id| matches!(world.outcome(1, *id), Some(Ok(_)))));
    let expected = [
        "meanwhile",
        "offline 0",
        "offline 1",
        "offline 2",
        "offline 3",
        "offline 4",
    ];
    assert_eq!(world.texts(0, room), expected);
    assert_eq!(world.texts(1, room), expected);
    world.assert_calm();
}

#[test]
fn what_is_said_while_the_answer_to_a_sync_is_on_its_way_is_no_sign_of_a_shorter_log() {
    let mut world = World::team(31, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "before");
    world.disconnect(1);
    world.connect(1);
    assert!(world.turn(1), "bob asks for a sync");
    let content =
        map! {"type" => "text", "text" => "meanwhile", "reply_to" => Value::Nil, "mentions" => Value::Array(vec![])};
    world.give(0, "send", map! {"conversation" => room, "content" => content});
    assert!(
        world.turn(0),
        "alice's message is told to bob, after the answer to bob was made"
    );
    world.give(0, "invite", map! {"account" => "carol", "role" => "member", "is_bot" => false, "expires_ms" => world.now + 1_000_000, "name" => "Carol"});
    while world.clients[1].inbox.len() < 3 {
        assert!(world.turn(0), "so is an entry of the directory");
    }
    let synced = world.clients[1].inbox.pop_front().unwrap();
    world.clients[1].inbox.push_back(synced);
    world.settle();
    assert_eq!(world.texts(1, room), ["before", "meanwhile"]);
    world.assert_calm();
}

#[test]
fn a_long_absence_is_caught_up_by_hashes_and_pages() {
    let mut world = World::team(9, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.disconnect(1);
    for i in 0..450 {
        world.give(0, "send", map! {"conversation" => room, "content" => map! {"type" => "text", "text" => format!("{i}"), "mentions" => Value::Array(vec![])}});
        if i % 100 == 50 {
            world.settle();
            world.command(0, "rotate", map! {"conversation" => room}).unwrap();
        }
    }
    world.settle();
    world.connect(1);
    world.settle();
    let shown = world.texts(1, room);
    assert_eq!((shown.len(), shown.last().unwrap().as_str()), (50, "449"));
    let mut before = Value::Nil;
    loop {
        let page = world
            .command(
                1,
                "page",
                map! {"conversation" => room, "before" => before, "limit" => 120u64},
            )
            .unwrap();
        if page.get("more") == &Value::Bool(false) {
            break;
        }
        before = page.get("first").clone();
    }
    let expected: Vec<String> = (0..450).map(|i| format!("{i}")).collect();
    assert_eq!(world.texts(1, room), expected);
    world.assert_calm();
}

#[test]
fn everybody_is_in_the_general_channel_and_alone_in_the_personal_group() {
    let mut world = World::team(10, &["alice", "bob", "carol"]);
    for who in 0..3 {
        let conversations = world.view(who, "conversations", map! {});
        let of = |kind: &str| {
            conversations
                .list()
                .unwrap()
                .iter()
                .find(|conv| conv.get("kind").text() == Ok(kind))
                .unwrap()
                .clone()
        };
        assert_eq!(of("general").get("devices").uint(), Ok(3));
        assert_eq!(of("personal").get("devices").uint(), Ok(1));
    }
    assert_eq!(world.view(0, "me", map! {}).get("phase").text(), Ok("ready"));
    let safety = |world: &mut World, who: usize, of: usize| {
        world
            .view(who, "safety", map! {"user" => world.user(of)})
            .get("number")
            .text()
            .unwrap()
            .to_owned()
    };
    let number = safety(&mut world, 0, 1);
    assert_eq!(number, safety(&mut world, 1, 0));
    world
        .command(0, "mark_verified", map! {"user" => world.user(1), "number" => number})
        .unwrap();
    assert_eq!(
        world
            .command(0, "mark_verified", map! {"user" => world.user(2), "number" => "1"})
            .unwrap_err(),
        "IdentityMismatch"
    );
    world.assert_calm();
}

#[test]
fn a_message_writes_no_state_row_but_its_outbox() {
    let mut world = World::team(11, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "first");
    let before = (world.clients[0].state_rows_written, world.clients[1].state_rows_written);
    for i in 0..8 {
        world.send(0, room, &format!("{i}"));
    }
    let written = world.clients[0].state_rows_written - before.0;
    assert!(
        written <= 16 + 2,
        "{written} rows for 8 messages: the outbox takes two each"
    );
    assert!(world.clients[1].state_rows_written - before.1 <= 2);
}

#[test]
fn keys_older_than_a_week_are_renewed_before_anything_is_said() {
    let mut world = World::team(12, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "today");
    let before = world.epoch(0, room);
    world.send(0, room, "still today");
    assert_eq!(world.epoch(0, room), before);
    world.now += 8 * 24 * 3_600_000;
    world.send(0, room, "next week");
    assert_eq!(world.epoch(1, room), before + 1);
    assert_eq!(world.texts(1, room), ["today", "still today", "next week"]);
    world.assert_calm();
}

#[test]
fn a_guest_is_added_by_who_may_open_the_door() {
    let mut world = World::team(13, &["alice", "bob"]);
    let link = world
        .command(0, "invite", map! {"account" => "gus", "role" => "guest", "is_bot" => false, "expires_ms" => world.now + 1_000_000, "name" => "gus"})
        .unwrap()
        .field::<String>("fragment")
        .unwrap();
    let gus = world.join("gus", &link, false);
    let room = world.create(0, "plans", &[1]);
    assert_eq!(
        world
            .command(1, "add", map! {"conversation" => room, "users" => world.people(&[gus])})
            .unwrap_err(),
        "NotAllowed"
    );
    world
        .command(0, "add", map! {"conversation" => room, "users" => world.people(&[gus])})
        .unwrap();
    world.settle();
    world.send(gus, room, "thank you");
    assert_eq!(world.texts(1, room), ["thank you"]);
    let kinds = world.view(gus, "conversations", map! {});
    assert!(kinds
        .list()
        .unwrap()
        .iter()
        .all(|conv| conv.get("kind").text() != Ok("general")));
    world.assert_calm();
}

#[test]
fn a_claim_made_again_is_the_same_person() {
    let mut world = World::team(14, &["alice"]);
    let link = world.invite(0, "bob");
    let client = world.blank("bob");
    world.clients.push(client);
    let begin = |world: &mut World, link: &str| {
        world
            .command(
                1,
                "begin",
                map! {"link" => link, "name" => "bob", "origin" => world::ORIGIN},
            )
            .unwrap()
    };
    let first = begin(&mut world, &link);
    world.now += 5_000;
    world.restart(1);
    let second = begin(&mut world, &link);
    for same in ["user", "device", "recovery_key"] {
        assert_eq!(first.get(same), second.get(same));
    }
    assert_ne!(first.get("entry"), second.get("entry"), "the time is another");
    world.command(1, "claimed", map! {}).unwrap();
}
