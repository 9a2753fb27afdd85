//! A server, a thief or a member who means harm: refused, shown, and nothing said to the wrong people.

mod world;

use inmost_core::frames::{Request, Told};
use inmost_core::map;
use inmost_core::pack::Value;
use world::World;

#[test]
fn a_swapped_identity_is_refused_before_anything_is_said() {
    let mut world = World::team(40, &["alice", "bob", "mallory"]);
    let mallorys = world.server.last_resort[&world.clients[2].device].clone();
    let bob = world.clients[1].device;
    world.server.swap_packages.insert(bob, mallorys);
    let refused = world.command(
        0,
        "create",
        map! {"kind" => "direct", "title" => Value::Nil, "users" => vec![world.user(1)]},
    );
    assert_eq!(refused.unwrap_err(), "IdentityMismatch");
    assert!(world.alarmed(0, "IdentityMismatch"));
    let rooms = &world.server.rooms;
    assert!(rooms
        .values()
        .all(|room| !room.members().contains(&world.clients[2].device)
            || room
                .log
                .iter()
                .all(|item| item.kind != inmost_public::log::Kind::Message)));
}

#[test]
fn a_missing_link_is_repaired_and_nobody_loses_history() {
    let mut world = World::team(41, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "before");
    world.server.drop_links = true;
    world.command(0, "rotate", map! {"conversation" => room}).unwrap();
    world.server.drop_links = false;
    world.settle();
    world
        .command(0, "add", map! {"conversation" => room, "users" => world.people(&[2])})
        .unwrap();
    world.settle();
    world.read_all(2, room);
    assert_eq!(world.texts(2, room), ["before"]);
    world.assert_calm();
}

#[test]
fn a_wrong_link_is_named_and_repaired() {
    let mut world = World::team(42, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "before");
    world.server.forge_links = true;
    world.command(0, "rotate", map! {"conversation" => room}).unwrap();
    world.server.forge_links = false;
    world.settle();
    assert!(world.alarmed(1, "WrongLink"));
    world
        .command(0, "add", map! {"conversation" => room, "users" => world.people(&[2])})
        .unwrap();
    world.settle();
    world.read_all(2, room);
    assert_eq!(world.texts(2, room), ["before"], "{:?}", world.alarms(2));
}

#[test]
fn a_stale_group_info_is_refused_by_who_knows_better() {
    let mut world = World::team(43, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let stale = Told::from(world.server.rooms[&room].group_now([0; 16]));
    world.send(0, room, "newer");
    world.command(0, "rotate", map! {"conversation" => room}).unwrap();
    world.settle();
    world.disconnect(0);
    world.server.stale_group.insert(room, stale);
    let again = world.recover(1, false).unwrap();
    assert!(world.alarmed(again, "ServerMisbehaved"), "{:?}", world.alarms(again));
    assert_ne!(
        world
            .view(again, "conversation", map! {"conversation" => room})
            .get("state")
            .text(),
        Ok("member")
    );
}

#[test]
fn a_log_that_was_changed_is_noticed() {
    let mut world = World::team(44, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.disconnect(1);
    for i in 0..60 {
        world.send(0, room, &format!("{i}"));
    }
    // The server puts another message in the place of one that bob has not seen, and numbers and hashes follow the lie.
    let lying = world.server.rooms.get_mut(&room).unwrap();
    let n = lying.log.len() - 20;
    let another = lying.log[n - 1].entry.clone();
    lying.change_entry(n, another);
    world.connect(1);
    world.settle();
    assert!(world.alarmed(1, "LogForked"), "{:?}", world.alarms(1));
    let before = world.server.rooms[&room].log.len();
    let said = world.give(1, "send", map! {"conversation" => room, "content" => map! {"type" => "text", "text" => "into a fork", "mentions" => Value::Array(vec![])}});
    world.settle();
    assert!(!matches!(world.outcome(1, said), Some(Ok(_))));
    assert_eq!(
        world.server.rooms[&room].log.len(),
        before,
        "bob seals nothing more there"
    );
}

#[test]
fn messages_left_out_for_one_reader_are_noticed_with_the_next_message() {
    let mut world = World::team(45, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "one");
    // A frame for bob is lost for good and the server renumbers what follows for him alone.
    world.give(0, "send", map! {"conversation" => room, "content" => map! {"type" => "text", "text" => "hidden from bob", "mentions" => Value::Array(vec![])}});
    while world.turn(0) {}
    world.clients[1].inbox.clear();
    let sent = world.give(0, "send", map! {"conversation" => room, "content" => map! {"type" => "text", "text" => "two", "mentions" => Value::Array(vec![])}});
    while world.turn(0) {}
    let mut forged = world.clients[1].inbox.pop_back().unwrap();
    if let Ok(Told::Item(mut item)) = Told::decode(&forged) {
        item.n -= 1;
        forged = Told::from(item).encode();
    }
    world.clients[1].inbox.push_back(forged);
    world.deliver();
    assert!(world.outcome(0, sent).is_some());
    assert!(world.alarmed(1, "LogForked"), "{:?}", world.alarms(1));
}

#[test]
fn an_invitation_used_twice_suspends_both() {
    let mut world = World::team(46, &["alice", "bob"]);
    let link = world.invite(0, "carol");
    let first = world.join("carol", &link, false);
    world.settle();
    let thief = world.clients.len();
    world
        .clients
        .push(World::new(1).clients.pop().unwrap_or_else(|| panic_free_client(&world)));
    let begun = world
        .command(
            thief,
            "begin",
            map! {"link" => link, "name" => "thief", "origin" => world::ORIGIN},
        )
        .unwrap();
    let mut out = vec![];
    world
        .server
        .append(&begun.field::<Vec<u8>>("entry").unwrap(), &mut out)
        .unwrap();
    world.route(out);
    world.settle();
    assert!(world.alarmed(0, "InvitationClaimedTwice"));
    assert_eq!(world.view(first, "me", map! {}).get("phase").text(), Ok("ended"));
    let people = world.view(0, "people", map! {});
    let suspended = people
        .list()
        .unwrap()
        .iter()
        .filter(|person| person.get("suspended") == &Value::Bool(true))
        .count();
    assert_eq!(suspended, 2);
}

fn panic_free_client(world: &World) -> world::Client {
    world.blank("thief")
}

#[test]
fn frames_of_garbage_change_nothing() {
    let mut world = World::team(47, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let rows = world.clients[0].rows.clone();
    for bytes in [
        &b""[..],
        b"\x90",
        b"\x91\x00",
        b"\x93\xcc\xa2\x01\x02",
        b"\xff\xff",
        b"\x91\xcc\xc7",
    ] {
        let input = inmost_core::input::Input {
            now_ms: world.now,
            entropy: [1; 32],
            kind: inmost_core::input::InputKind::Frame(bytes.to_vec()),
        }
        .encode();
        assert!(world.clients[0].engine.step(&input).is_err());
    }
    assert_eq!(world.clients[0].rows, rows);
    world.send(0, room, "unharmed");
    assert_eq!(world.texts(1, room), ["unharmed"]);
}

#[test]
fn a_revoked_device_let_in_by_an_old_directory_is_shown_and_removed() {
    let mut world = World::team(48, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let again = world.recover(1, false).unwrap();
    world.send(0, room, "before");
    for who in [0, 1, again] {
        world.disconnect(who);
    }
    // Bob revokes the stolen device; the server keeps the entry to itself while the thief comes in anew.
    let thief = world.clients[1].device;
    world.connect(again);
    world.deliver();
    world.give(again, "revoke", map! {"device" => thief});
    let frame = world.clients[again].outbox.pop_back().unwrap();
    let Ok(Request::AppendEntry(revocation)) = Request::decode(&frame) else {
        panic!("not a revocation")
    };
    world.disconnect(again);
    let is_of_room = |key: &Vec<u8>| key.get(1..17) == Some(&room.0[..]);
    world.clients[1].rows.retain(|key, _| !is_of_room(key));
    world.restart(1);
    world.connect(1);
    world.settle();
    let state = world.view(1, "conversation", map! {"conversation" => room});
    assert_eq!(state.get("state").text(), Ok("waiting"), "in, and waiting for history");
    let mut out = vec![];
    world.server.append(&revocation.entry, &mut out).unwrap();
    world.route(out);
    world.connect(0);
    world.settle();
    assert!(world.alarmed(0, "BackdatedDevice"), "{:?}", world.alarms(0));
    world.send(0, room, "without the thief");
    assert!(!world.texts(1, room).contains(&"without the thief".to_owned()));
    assert_eq!(
        world
            .view(0, "conversation", map! {"conversation" => room})
            .get("devices")
            .uint(),
        Ok(2)
    );
}
