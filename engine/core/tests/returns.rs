//! Lost devices: coming back with the recovery key, alone or among others, and what revoked devices can no longer do.

mod world;

use inmost_core::map;
use inmost_core::pack::Value;
use world::World;

#[test]
fn who_lost_everything_comes_back_alone_with_the_whole_history() {
    let mut world = World::team(30, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    for i in 0..30 {
        world.send(i % 2, room, &format!("{i}"));
        if i % 7 == 3 {
            world.command(i % 2, "rotate", map! {"conversation" => room}).unwrap();
        }
    }
    world.settle();
    world.disconnect(0);
    world.disconnect(1);
    let again = world.recover(1, true).unwrap();
    world.read_all(again, room);
    let expected: Vec<String> = (0..30).map(|i| format!("{i}")).collect();
    assert_eq!(world.texts(again, room), expected, "{:?}", world.alarms(again));
    assert_eq!(
        world
            .view(again, "conversation", map! {"conversation" => room})
            .get("title")
            .text(),
        Ok("plans")
    );
    world.send(again, room, "I am back");
    world.connect(0);
    world.settle();
    assert_eq!(world.texts(0, room).last().unwrap(), "I am back");
    // The lost device's leaf is gone, and what was said after it does not open there.
    assert_eq!(
        world
            .view(0, "conversation", map! {"conversation" => room})
            .get("devices")
            .uint(),
        Ok(2)
    );
    world.connect(1);
    world.settle();
    assert!(!world.texts(1, room).contains(&"I am back".to_owned()));
    for who in [0, again] {
        assert!(world.alarms(who).is_empty(), "{:?}", world.alarms(who));
    }
}

#[test]
fn who_lost_everything_comes_back_alone_with_a_passkey_and_the_whole_history() {
    let mut world = World::team(37, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "before the passkey");
    world.add_passkey(1, b"phone", [8; 32]).unwrap();
    world.send(1, room, "after it");
    world.settle();
    world.disconnect(0);
    world.disconnect(1);
    let again = world.recover_by_passkey(1, [8; 32], true).unwrap();
    world.read_all(again, room);
    assert_eq!(world.texts(again, room), ["before the passkey", "after it"]);
    let view = world.view(again, "conversation", map! {"conversation" => room});
    assert_eq!(view.get("title").text(), Ok("plans"));
    world.connect(0);
    world.send(again, room, "I am back");
    assert_eq!(world.texts(0, room).last().unwrap(), "I am back");
    // The recovery key goes on opening it, too.
    world.disconnect(0);
    world.disconnect(again);
    let by_key = world.recover(1, false).unwrap();
    world.read_all(by_key, room);
    assert_eq!(world.texts(by_key, room).len(), 3);
    world.assert_calm();
}

#[test]
fn a_removed_passkey_brings_nobody_back_and_opens_nothing_sealed_after_it() {
    let mut world = World::team(38, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    for n in [8, 9] {
        world.add_passkey(1, &[n], [n; 32]).unwrap();
        // Given again, it is done already.
        world.add_passkey(1, &[n], [n; 32]).unwrap();
    }
    world.send(0, room, "with the passkey");
    for _ in 0..2 {
        world
            .command(1, "remove_passkey", map! {"credential" => vec![8u8]})
            .unwrap();
    }
    let opens = |world: &mut World, n: u8| {
        let view = world.view(1, "passkey", map! {"credential" => vec![n]});
        view.get("opens_vault").clone()
    };
    assert_eq!(opens(&mut world, 8), Value::Bool(false));
    assert_eq!(opens(&mut world, 9), Value::Bool(true));
    world.send(0, room, "without it");
    world.settle();
    let user = world.user(1);
    let boxes = |paper: &[u8], sealed: &[u8]| sealed.windows(16).filter(|seen| *seen == paper).count();
    let papers: Vec<[u8; 16]> = [8, 9].map(|n| world.paper_id([n; 32])).to_vec();
    let everything = [
        world.server.vaults[&user].clone(),
        world.server.vault_rows[&user][&room].clone(),
    ];
    for sealed in &everything {
        assert_eq!([boxes(&papers[0], sealed), boxes(&papers[1], sealed)], [0, 1]);
    }
    world.disconnect(0);
    world.disconnect(1);
    let refused = world.recover_by_passkey(1, [8; 32], false).unwrap_err();
    assert_eq!(refused, "WrongRecoveryKey", "ATTACK SUCCEEDED");
    let again = world.recover_by_passkey(1, [9; 32], false).unwrap();
    world.read_all(again, room);
    assert_eq!(world.texts(again, room), ["with the passkey", "without it"]);
}

#[test]
fn another_persons_passkey_and_another_secret_bring_nobody_back() {
    let mut world = World::team(39, &["alice", "bob"]);
    world.add_passkey(0, b"alice's", [8; 32]).unwrap();
    world.add_passkey(1, b"bob's", [9; 32]).unwrap();
    for secret in [[8; 32], [10; 32]] {
        assert_eq!(
            world.recover_by_passkey(1, secret, false).unwrap_err(),
            "WrongRecoveryKey"
        );
    }
    // The same passkey with another secret is no second paper device.
    assert_eq!(world.add_passkey(1, b"bob's", [11; 32]).unwrap_err(), "AlreadyExists");
    world.assert_calm();
}

#[test]
fn a_wrong_recovery_key_changes_nothing() {
    let mut world = World::team(31, &["alice", "bob"]);
    let key = world.clients[0].recovery_key.clone().unwrap();
    assert_eq!(world.recover_with(1, &key, false).unwrap_err(), "WrongRecoveryKey");
    let mut typo = world.clients[1].recovery_key.clone().unwrap();
    let last = if typo.ends_with('7') { "8" } else { "7" };
    typo.replace_range(typo.len() - 1.., last);
    assert!(world
        .recover_with(1, &typo, false)
        .unwrap_err()
        .starts_with("RecoveryKey"));
    world.assert_calm();
}

#[test]
fn epochs_made_while_nobody_of_the_person_was_online_wait_for_a_colleague_and_then_open() {
    let mut world = World::team(32, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "old");
    world.disconnect(1);
    world.command(0, "rotate", map! {"conversation" => room}).unwrap();
    world.command(0, "rotate", map! {"conversation" => room}).unwrap();
    world.send(0, room, "while bob was away");
    world.disconnect(0);
    let again = world.recover(1, false).unwrap();
    world.read_all(again, room);
    assert!(world.texts(again, room).is_empty());
    assert!(world.clients[again].events.iter().any(|(name, _)| name == "waiting"));
    world.connect(0);
    world.settle();
    assert!(
        world.clients[again].events.iter().any(|(name, _)| name == "history"),
        "{:?}",
        world.alarms(again)
    );
    world.read_all(again, room);
    assert_eq!(world.texts(again, room), ["old", "while bob was away"]);
}

#[test]
fn a_revoked_device_is_removed_before_anything_more_is_said() {
    let mut world = World::team(33, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    let again = world.recover(1, false).unwrap();
    world.send(again, room, "two devices of bob");
    assert_eq!(world.texts(1, room), ["two devices of bob"]);
    let lost = world.clients[1].device;
    world.command(again, "revoke", map! {"device" => lost}).unwrap();
    world.settle();
    world.send(0, room, "without the lost one");
    assert_eq!(world.texts(again, room).last().unwrap(), "without the lost one");
    assert_eq!(world.texts(1, room), ["two devices of bob"]);
    assert_eq!(
        world
            .view(0, "conversation", map! {"conversation" => room})
            .get("devices")
            .uint(),
        Ok(2)
    );
    assert!(
        !world.kinds(0, room).contains(&"left".to_owned()),
        "bob himself did not leave"
    );
}

#[test]
fn a_suspended_person_is_out_everywhere_and_back_after() {
    let mut world = World::team(34, &["alice", "bob", "carol"]);
    let room = world.create(0, "plans", &[1, 2]);
    world
        .command(0, "suspend", map! {"user" => world.user(2), "suspended" => true})
        .unwrap();
    world.settle();
    world.send(1, room, "without carol");
    assert_eq!(
        world
            .view(0, "conversation", map! {"conversation" => room})
            .get("devices")
            .uint(),
        Ok(2)
    );
    assert!(world.texts(2, room).is_empty());
    world.disconnect(2);
    world
        .command(0, "suspend", map! {"user" => world.user(2), "suspended" => false})
        .unwrap();
    world.connect(2);
    world.settle();
    assert_eq!(world.view(2, "me", map! {}).get("phase").text(), Ok("ready"));
    world
        .command(0, "add", map! {"conversation" => room, "users" => world.people(&[2])})
        .unwrap();
    world.settle();
    world.send(2, room, "back");
    assert_eq!(world.texts(1, room), ["without carol", "back"]);
    world.assert_calm();
}

#[test]
fn a_suspended_person_who_is_reinstated_has_their_personal_group_again() {
    let mut world = World::team(36, &["alice", "bob"]);
    let bob = world.clients[1].device;
    let personal = *world
        .server
        .rooms
        .iter()
        .find(|(_, room)| room.members() == [bob])
        .unwrap()
        .0;
    for suspended in [true, false] {
        world
            .command(0, "suspend", map! {"user" => world.user(1), "suspended" => suspended})
            .unwrap();
        world.settle();
        assert_eq!(
            world.server.rooms[&personal].group.pending().len(),
            1,
            "nobody else could commit it"
        );
    }
    world.disconnect(1);
    world.connect(1);
    world.settle();
    let room = &world.server.rooms[&personal];
    assert!(room.group.pending().is_empty() && room.members() == [bob]);
    let view = world.view(1, "conversation", map! {"conversation" => personal});
    assert_eq!(view.get("removal_pending"), &Value::Bool(false));
    assert_eq!(view.get("state").text(), Ok("member"));
    world.assert_calm();
}

#[test]
fn a_device_that_cannot_follow_comes_in_anew() {
    let mut world = World::team(35, &["alice", "bob"]);
    let room = world.create(0, "plans", &[1]);
    world.send(0, room, "before");
    // The host's disk loses the newest epoch secrets: the rows of bob's group are those of an earlier epoch.
    let old = world.clients[1].rows.clone();
    world.command(0, "rotate", map! {"conversation" => room}).unwrap();
    world.settle();
    world.disconnect(1);
    let is_group_row = |key: &Vec<u8>| key.starts_with(&[&b"G"[..], &room.0].concat());
    world.clients[1].rows.retain(|key, _| !is_group_row(key));
    world.clients[1]
        .rows
        .extend(old.into_iter().filter(|(key, _)| is_group_row(key)));
    world.restart(1);
    world.command(0, "rotate", map! {"conversation" => room}).unwrap();
    world.connect(1);
    world.settle();
    world.send(0, room, "after");
    assert_eq!(world.texts(1, room).last().unwrap(), "after", "{:?}", world.alarms(1));
    world.send(1, room, "here again");
    assert_eq!(world.texts(0, room).last().unwrap(), "here again");
}
