//! People who talk: the plain course of things.

mod world;

use inmost_core::map;
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
