//! Many at once, and the wrong order: nobody is left behind.

mod world;

use inmost_core::frames::{Request, Told, Welcomed};
use inmost_core::map;
use inmost_core::pack::Value;
use inmost_public::ids::Conversation;
use world::World;

#[test]
fn twenty_devices_commit_at_once_and_none_is_left_behind() {
    let names: Vec<String> = (0..20).map(|i| format!("p{i}")).collect();
    let mut world = World::team(20, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let room = world.create(0, "plans", &(1..20).collect::<Vec<_>>());
    let before = world.epoch(0, room);
    let ids: Vec<_> = (0..20)
        .map(|who| (who, world.give(who, "rotate", map! {"conversation" => room})))
        .collect();
    world.settle();
    for (who, id) in ids {
        assert!(matches!(world.outcome(who, id), Some(Ok(_))), "p{who}");
    }
    let epochs: Vec<u64> = (0..20).map(|who| world.epoch(who, room)).collect();
    assert_eq!(epochs, vec![before + 20; 20]);
    for who in 0..20 {
        world.send(who, room, &format!("p{who}"));
    }
    assert_eq!(world.texts(7, room), names);
    world.assert_calm();
}

#[test]
fn two_add_the_same_person_and_one_finds_it_done() {
    let mut world = World::team(21, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1]);
    let carol = world.people(&[2]);
    let (one, other) = (
        world.give(0, "add", map! {"conversation" => room, "users" => carol.clone()}),
        world.give(1, "add", map! {"conversation" => room, "users" => carol}),
    );
    world.settle();
    assert!(matches!(world.outcome(0, one), Some(Ok(_))) && matches!(world.outcome(1, other), Some(Ok(_))));
    world.send(2, room, "once is enough");
    assert_eq!(world.texts(0, room), ["once is enough"]);
    assert_eq!(
        world
            .view(0, "conversation", map! {"conversation" => room})
            .get("devices")
            .uint(),
        Ok(3)
    );
    world.assert_calm();
}

#[test]
fn a_message_sealed_before_a_removal_is_sealed_again() {
    let mut world = World::team(22, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1, 2]);
    let removal = world.give(
        0,
        "remove",
        map! {"conversation" => room, "users" => world.people(&[2])},
    );
    world.turn(0); // the server has the removal, bob has not heard of it
    let said = world.give(1, "send", map! {"conversation" => room, "content" => map! {"type" => "text", "text" => "not for carol", "mentions" => Value::Array(vec![])}});
    world.turn(1);
    world.settle();
    assert!(matches!(world.outcome(0, removal), Some(Ok(_))) && matches!(world.outcome(1, said), Some(Ok(_))));
    assert_eq!(world.texts(0, room), ["not for carol"]);
    assert!(world.texts(2, room).is_empty());
    world.assert_calm();
}

#[test]
fn the_servers_wish_for_a_removal_that_is_under_way_does_not_void_it() {
    let mut world = World::team(25, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1, 2]);
    world.give(0, "suspend", map! {"user" => world.user(2), "suspended" => true});
    world.turn(0); // the server has the entry, and asks for the removal right after it
    let said = world.give(1, "send", map! {"conversation" => room, "content" => map! {"type" => "text", "text" => "not for carol", "mentions" => Value::Array(vec![])}});
    let is_at_the_server = |world: &World| !world.server.rooms[&room].members().contains(&world.clients[2].device);
    let before = world.epoch(1, room);
    while !is_at_the_server(&world) {
        assert!(world.turn(1));
    }
    assert_eq!(
        world.epoch(1, room),
        before,
        "bob's own commit is still on its way back to him"
    );
    let waits: Vec<u8> = world.clients[1]
        .inbox
        .iter()
        .filter_map(|frame| match Told::decode(frame) {
            Ok(Told::Item(item)) if item.conversation == room => Some(item.kind),
            _ => None,
        })
        .collect();
    assert_eq!(waits[..2], [3, 2], "the proposal comes before the commit");
    world.settle();
    assert!(matches!(world.outcome(1, said), Some(Ok(_))));
    assert_eq!(world.texts(0, room), ["not for carol"]);
    assert!(world.texts(2, room).is_empty());
    assert_eq!(
        world.epoch(1, room),
        before + 1,
        "nobody had to commit again or come in anew"
    );
    world.assert_calm();
}

#[test]
fn a_welcome_of_a_losing_commit_is_never_used() {
    let mut world = World::team(23, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1]);
    let add = world.give(0, "add", map! {"conversation" => room, "users" => world.people(&[2])});
    let losing = loop {
        let commit = world.clients[0]
            .outbox
            .iter()
            .find_map(|frame| match Request::decode(frame) {
                Ok(Request::Commit(commit)) if commit.welcome.is_some() => Some(commit),
                _ => None,
            });
        match commit {
            Some(commit) => break commit,
            None => assert!(world.turn(0), "alice claims a key package, then commits"),
        }
    };
    let lost_tree = world.server.rooms[&room].tree_after(&losing, &world.server.directory, world.now);
    // Bob rotates at the same moment, and his commit wins.
    let rotate = world.give(1, "rotate", map! {"conversation" => room});
    while world.turn(1) {}
    // A server that means harm hands over the Welcome all the same, with the very tree it was made for.
    let epoch = losing.epoch + 1;
    let of_room = world.server.rooms.get_mut(&room).unwrap();
    let (won_tree, n, hash) = of_room.trees[&epoch].clone();
    of_room.trees.insert(epoch, (lost_tree, n, hash));
    let welcomed = Welcomed {
        conversation: room,
        group: losing.group,
        epoch,
        n,
        welcome: losing.welcome.unwrap(),
    };
    world.clients[2].inbox.push_back(Told::from(welcomed).encode());
    while world.turn(2) {}
    let alarms = world.alarms(2);
    assert_eq!(
        alarms,
        ["CommitRefused: a Welcome that does not fit its commit: CommitInvalid"]
    );
    assert!(
        rooms_of(&mut world, 2).iter().all(|of| *of != room),
        "carol is in nothing that nobody else is in"
    );
    // The add is made again over the commit that won, and that Welcome is good.
    world
        .server
        .rooms
        .get_mut(&room)
        .unwrap()
        .trees
        .insert(epoch, (won_tree, n, hash));
    world.settle();
    assert!(matches!(world.outcome(0, add), Some(Ok(_))) && matches!(world.outcome(1, rotate), Some(Ok(_))));
    world.send(2, room, "in by the second");
    assert_eq!(world.texts(1, room), ["in by the second"]);
    assert_eq!(world.alarms(2), alarms);
}

fn rooms_of(world: &mut World, who: usize) -> Vec<Conversation> {
    let view = world.view(who, "conversations", map! {});
    let rooms = view.list().unwrap().iter();
    rooms.map(|room| room.field("conversation").unwrap()).collect()
}

#[test]
fn the_thirty_third_add_in_a_row_renews_keys_first() {
    let mut world = World::team(24, &["alice", "bob"]);
    for who in 2..36 {
        let link = world.invite(0, &format!("p{who}"));
        world.join(&format!("p{who}"), &link, false);
        world.disconnect(who); // so that not everybody follows everybody into the general channel
    }
    let room = world.create(0, "plans", &(1..33).collect::<Vec<_>>());
    for who in 33..36 {
        world
            .command(
                who % 2,
                "add",
                map! {"conversation" => room, "users" => world.people(&[who])},
            )
            .unwrap();
    }
    world.connect(35);
    world.settle();
    world.send(35, room, "the last");
    assert_eq!(world.texts(0, room), ["the last"]);
    world.assert_calm();
}
