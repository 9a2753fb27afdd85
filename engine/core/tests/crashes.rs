//! The process dies between any two effects; what was persisted comes back and goes on.

mod world;

use inmost_core::map;
use inmost_core::pack::Value;
use world::World;

fn text(text: &str) -> Value {
    map! {"type" => "text", "text" => text, "mentions" => Value::Array(vec![])}
}

/// Alice does what `act` says and dies after `effects` more effects; she restarts and all must come out right.
fn dies_after(
    effects: usize,
    act: impl Fn(&mut World, inmost_public::ids::Conversation),
) -> (World, inmost_public::ids::Conversation, bool) {
    let mut world = World::team(50, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1]);
    world.clients[0].crash_in = Some(effects);
    act(&mut world, room);
    world.settle();
    let has_died = world.clients[0].crash_in == Some(0);
    world.clients[0].crash_in = None;
    world.restart(0);
    world.connect(0);
    world.settle();
    (world, room, has_died)
}

#[test]
fn a_message_is_there_once_wherever_its_sender_dies() {
    for effects in 0..12 {
        let (mut world, room, _) = dies_after(effects, |world, room| {
            for i in 0..3 {
                if world.clients[0].crash_in != Some(0) {
                    world.give(
                        0,
                        "send",
                        map! {"conversation" => room, "content" => text(&format!("{i}"))},
                    );
                }
            }
        });
        let texts = world.texts(1, room);
        let expected: Vec<String> = (0..texts.len()).map(|i| format!("{i}")).collect();
        assert_eq!(texts, expected, "after {effects} effects");
        world.send(0, room, "alive");
        assert_eq!(world.texts(1, room).last().unwrap(), "alive");
        world.read_all(0, room);
        assert_eq!(world.texts(0, room), world.texts(1, room), "after {effects} effects");
        world.assert_calm();
    }
}

#[test]
fn a_commit_is_made_once_wherever_its_author_dies() {
    for effects in 0..16 {
        let (mut world, room, _) = dies_after(effects, |world, room| {
            world.give(0, "add", map! {"conversation" => room, "users" => world.people(&[2])});
        });
        world.send(1, room, "whoever is in");
        world.send(0, room, "alive");
        assert_eq!(
            world.texts(0, room),
            ["whoever is in", "alive"],
            "after {effects} effects"
        );
        if effects > 0 {
            assert_eq!(
                world.texts(2, room),
                ["whoever is in", "alive"],
                "after {effects} effects"
            );
        }
        world.assert_calm();
    }
}

#[test]
fn a_joiner_comes_in_wherever_it_dies() {
    for effects in 0..24 {
        let mut world = World::team(51, &["alice", "bob"]);
        let room = world.create(0, "plans", &[]);
        world.clients[1].crash_in = Some(effects);
        world
            .command(0, "add", map! {"conversation" => room, "users" => world.people(&[1])})
            .unwrap();
        world.settle();
        world.clients[1].crash_in = None;
        world.restart(1);
        world.connect(1);
        world.settle();
        world.send(0, room, "welcome");
        assert_eq!(
            world.texts(1, room),
            ["welcome"],
            "after {effects} effects: {:?}",
            world.alarms(1)
        );
        world.send(1, room, "thanks");
        world.assert_calm();
    }
}

#[test]
fn a_new_person_settles_wherever_the_device_dies() {
    for effects in 0..40 {
        let mut world = World::team(52, &["alice"]);
        let link = world.invite(0, "bob");
        let bob = world.clients.len();
        let client = world.blank("bob");
        world.clients.push(client);
        let begun = world
            .command(
                bob,
                "begin",
                map! {"link" => link, "name" => "bob", "origin" => world::ORIGIN},
            )
            .unwrap();
        (world.clients[bob].user, world.clients[bob].device) =
            (begun.field("user").unwrap(), begun.field("device").unwrap());
        let mut out = vec![];
        world
            .server
            .append(&begun.field::<Vec<u8>>("entry").unwrap(), &mut out)
            .unwrap();
        world.route(out);
        world.command(bob, "claimed", map! {}).unwrap();
        world.clients[bob].crash_in = Some(effects);
        world.connect(bob);
        world.settle();
        world.clients[bob].crash_in = None;
        world.restart(bob);
        world.connect(bob);
        world.settle();
        let conversations = world.view(bob, "conversations", map! {});
        assert_eq!(conversations.list().unwrap().len(), 2, "after {effects} effects");
        assert!(
            conversations
                .list()
                .unwrap()
                .iter()
                .all(|conv| conv.get("state").text() == Ok("member")),
            "after {effects} effects: {conversations:?} {:?}",
            world.alarms(bob)
        );
        let room = world.create(0, "plans", &[bob]);
        world.send(bob, room, "here");
        assert_eq!(world.texts(0, room), ["here"], "after {effects} effects");
    }
}
