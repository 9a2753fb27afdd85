//! Roles with real engines: open channels, announcement channels, demotions; at an honest server and at one that lets everything through.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod world;

use inmost_core::frames::Told;
use inmost_core::map;
use inmost_core::pack::Value;
use inmost_public::ids::Conversation;
use world::{Who, World};

impl World {
    fn channel(&mut self, by: Who, title: &str, open: bool, announcement: bool) -> Conversation {
        let arguments = map! {"kind" => "channel", "title" => title, "topic" => "what it is about", "users" => Value::Array(vec![]), "open" => open, "announcement" => announcement};
        let made = self.command(by, "create", arguments).unwrap();
        self.settle();
        made.field("conversation").unwrap()
    }

    fn channels(&mut self, who: Who) -> Vec<(Conversation, String, bool)> {
        let seen = self.view(who, "open_channels", map! {});
        let one = |each: &Value| {
            let title = each.get("title").text().unwrap().to_owned();
            (
                each.field("conversation").unwrap(),
                title,
                each.field("joined").unwrap(),
            )
        };
        seen.get("channels").list().unwrap().iter().map(one).collect()
    }

    fn join_channel(&mut self, who: Who, channel: Conversation) -> Result<(), String> {
        let joined = self
            .command(who, "join_channel", map! {"conversation" => channel})
            .map(drop);
        self.settle();
        joined
    }

    fn set(&mut self, who: Who, channel: Conversation, setting: &'static str, value: bool) -> Result<(), String> {
        let set = self
            .command(who, "set_settings", map! {"conversation" => channel, setting => value})
            .map(drop);
        self.settle();
        set
    }

    fn set_role(&mut self, by: Who, channel: Conversation, of: Who, role: &str) -> Result<(), String> {
        let user = self.user(of);
        let arguments = map! {"conversation" => channel, "user" => user, "role" => role};
        let set = self.command(by, "set_conversation_role", arguments).map(drop);
        self.settle();
        set
    }

    fn set_organisation_role(&mut self, by: Who, of: Who, role: &str) -> Result<(), String> {
        let user = self.user(of);
        let set = self
            .command(by, "set_role", map! {"user" => user, "role" => role})
            .map(drop);
        self.settle();
        set
    }

    fn guest(&mut self, name: &str) -> Who {
        let invited = self.command(0, "invite", map! {"account" => name, "role" => "guest", "is_bot" => false, "expires_ms" => self.now + 1_000_000, "name" => name});
        let link: String = invited.unwrap().field("fragment").unwrap();
        self.join(name, &link, false)
    }

    fn general(&mut self, who: Who) -> Option<Value> {
        let seen = self.view(who, "conversations", map! {});
        seen.list()
            .unwrap()
            .iter()
            .find(|conv| conv.get("kind").text() == Ok("general"))
            .cloned()
    }

    fn setting(&mut self, who: Who, channel: Conversation, name: &str) -> Value {
        self.view(who, "conversation", map! {"conversation" => channel})
            .get("settings")
            .get(name)
            .clone()
    }
}

#[test]
fn an_open_channel_is_found_and_joined_by_whoever_wishes_and_read_from_the_start() {
    let mut world = World::team(60, &["alice", "bob", "carol"]);
    let news = world.channel(1, "news", true, false);
    world.send(1, news, "before anybody came");
    for who in [0, 2] {
        assert_eq!(world.channels(who), [(news, "news".to_owned(), false)]);
    }
    assert_eq!(
        world.view(2, "conversations", map! {}).list().unwrap().len(),
        2,
        "nobody is brought into it"
    );
    world.join_channel(2, news).unwrap();
    assert_eq!(
        world
            .view(2, "conversation", map! {"conversation" => news})
            .get("title")
            .text(),
        Ok("news")
    );
    world.read_all(2, news);
    assert_eq!(world.texts(2, news), ["before anybody came"]);
    world.send(2, news, "hello");
    assert_eq!(world.texts(1, news), ["before anybody came", "hello"]);
    assert_eq!(world.channels(2), [(news, "news".to_owned(), true)]);
    world.join_channel(2, news).unwrap();
    // Whoever leaves stays out until it wishes to come back.
    world.command(2, "leave", map! {"conversation" => news}).unwrap();
    world.settle();
    world.disconnect(2);
    world.connect(2);
    world.settle();
    let state = world.view(2, "conversation", map! {"conversation" => news});
    assert_eq!(state.get("state").text(), Ok("removed"));
    world.join_channel(2, news).unwrap();
    world.send(2, news, "back");
    assert_eq!(world.texts(1, news).last().unwrap(), "back");
    world.assert_calm();
}

#[test]
fn a_further_device_of_a_member_is_in_the_open_channel_by_itself_and_a_guest_never_is() {
    let mut world = World::team(61, &["alice", "bob"]);
    let news = world.channel(1, "news", true, false);
    let gus = world.guest("gus");
    assert_eq!(world.channels(gus), [], "the name is sealed where guests are not");
    assert_eq!(world.join_channel(gus, news), Err("NotAllowed".to_owned()));
    let again = world.recover(1, false).unwrap();
    let state = world.view(again, "conversation", map! {"conversation" => news});
    assert_eq!(state.get("state").text(), Ok("member"));
    let third = world.recover(0, false).unwrap();
    assert!(!world
        .view(third, "conversations", map! {})
        .list()
        .unwrap()
        .iter()
        .any(|conv| { conv.field::<Conversation>("conversation") == Ok(news) }));
    world.assert_calm();
}

#[test]
fn a_closed_channel_is_listed_no_more_and_admits_nobody() {
    let mut world = World::team(62, &["alice", "bob", "carol"]);
    let news = world.channel(1, "news", true, false);
    world.join_channel(2, news).unwrap();
    assert_eq!(
        world.set(2, news, "open", false),
        Err("NotAllowed".to_owned()),
        "a plain member"
    );
    world.set(1, news, "open", false).unwrap();
    assert_eq!(world.channels(0), []);
    assert_eq!(world.join_channel(0, news), Err("NotAMember".to_owned()));
    assert!(
        world.clients[0]
            .engine
            .view(&inmost_core::pack::encode(&Value::Array(vec![
                Value::Text("conversation".into()),
                map! {"conversation" => news}
            ])))
            .is_err(),
        "no trace of it"
    );
    world.set(1, news, "open", true).unwrap();
    assert_eq!(world.channels(0), [(news, "news".to_owned(), false)]);
    world.join_channel(0, news).unwrap();
    world.assert_calm();
}

#[test]
fn a_new_name_reaches_the_list_and_somebody_elses_word_does_not() {
    let mut world = World::team(63, &["alice", "bob", "mallory"]);
    let news = world.channel(1, "news", true, false);
    let title = |text: &str| map! {"conversation" => news, "content" => map! {"type" => "title", "text" => text}};
    world.command(1, "send", title("all the news")).unwrap();
    world.settle();
    assert_eq!(world.channels(0)[0].1, "all the news");
    world.join_channel(2, news).unwrap();
    assert_eq!(
        world.command(2, "send", title("mine")).map(drop),
        Ok(()),
        "it is sealed; the server sees no title"
    );
    world.settle();
    let shown = world.view(1, "conversation", map! {"conversation" => news});
    assert_eq!(
        shown.get("title").text(),
        Ok("all the news"),
        "moderated: dropped by members"
    );
    assert!(world.alarmed(1, "NotAllowed"));
    assert_eq!(world.channels(0)[0].1, "all the news");
}

#[test]
fn only_owners_and_moderators_write_announcements() {
    let mut world = World::team(64, &["alice", "bob", "carol"]);
    let board = world.channel(0, "board", true, true);
    for who in [1, 2] {
        world.join_channel(who, board).unwrap();
    }
    world.send(0, board, "the office is closed");
    assert_eq!(world.try_send(1, board, "why?").unwrap_err(), "NotAllowed");
    assert_eq!(world.setting(1, board, "may_post"), Value::Bool(false));
    world.set_role(0, board, 1, "moderator").unwrap();
    world.send(1, board, "because of the snow");
    world.set_role(0, board, 1, "member").unwrap();
    assert_eq!(world.try_send(1, board, "and ice").unwrap_err(), "NotAllowed");
    // What was written when it was allowed stays, for whoever reads it later too; and they read on after it is a plain channel.
    world.set(0, board, "announcement", false).unwrap();
    world.send(1, board, "now all speak");
    let late = world.recover(2, false).unwrap();
    world.read_all(late, board);
    let expected = ["the office is closed", "because of the snow", "now all speak"];
    for who in [0, 1, 2, late] {
        assert_eq!(world.texts(who, board), expected);
    }
    world.assert_calm();
}

#[test]
fn what_waits_when_a_channel_becomes_an_announcement_channel_is_given_back() {
    let mut world = World::team(65, &["alice", "bob"]);
    let room = world.channel(0, "room", true, false);
    world.join_channel(1, room).unwrap();
    world.disconnect(1);
    let content = map! {"type" => "text", "text" => "too late", "mentions" => Value::Array(vec![])};
    let waiting = world.give(1, "send", map! {"conversation" => room, "content" => content});
    world.set(0, room, "announcement", true).unwrap();
    world.connect(1);
    world.settle();
    assert_eq!(world.outcome(1, waiting), Some(Err("NotAllowed".to_owned())));
    assert!(world.texts(0, room).is_empty() && world.texts(1, room).is_empty());
    world.assert_calm();
}

#[test]
fn roles_in_a_conversation_are_its_owners_to_give_and_one_owner_stays() {
    let mut world = World::team(66, &["alice", "bob", "carol"]);
    let room = world.channel(1, "room", true, false);
    world.join_channel(2, room).unwrap();
    assert_eq!(world.set_role(2, room, 2, "owner"), Err("NotAllowed".to_owned()));
    assert_eq!(
        world.set_role(1, room, 1, "member"),
        Err("NotAllowed".to_owned()),
        "the last owner"
    );
    world.set_role(1, room, 2, "owner").unwrap();
    world.set_role(2, room, 1, "member").unwrap();
    assert_eq!(world.setting(1, room, "role").text(), Ok("member"));
    assert_eq!(world.set(1, room, "guests", true), Err("NotAllowed".to_owned()));
    world.assert_calm();
}

#[test]
fn who_is_made_a_guest_leaves_the_general_channel_and_comes_back_when_a_member_again() {
    let mut world = World::team(67, &["alice", "bob", "carol"]);
    let room = world.create(1, "no guests", &[0, 2]);
    assert_eq!(world.set_organisation_role(1, 2, "guest"), Err("NotAllowed".to_owned()));
    world.set_organisation_role(0, 2, "guest").unwrap();
    assert_eq!(world.general(2).unwrap().get("state").text(), Ok("removed"));
    assert_eq!(world.general(0).unwrap().get("devices").uint(), Ok(2));
    let shown = world.view(1, "conversation", map! {"conversation" => room});
    assert_eq!(shown.get("devices").uint(), Ok(2));
    assert_eq!(world.try_send(2, room, "still here?").unwrap_err(), "NotAMember");
    world.send(1, room, "between us");
    world.set_organisation_role(0, 2, "member").unwrap();
    assert_eq!(world.general(2).unwrap().get("state").text(), Ok("member"));
    world.assert_calm();
}

#[test]
fn the_last_owner_of_the_organisation_stays_one() {
    let mut world = World::team(68, &["alice", "bob"]);
    assert_eq!(
        world.set_organisation_role(0, 0, "member"),
        Err("NotAllowed".to_owned())
    );
    world.set_organisation_role(0, 1, "owner").unwrap();
    world.set_organisation_role(1, 0, "member").unwrap();
    assert_eq!(world.view(0, "me", map! {}).get("role").text(), Ok("member"));
    assert_eq!(world.set_organisation_role(0, 1, "guest"), Err("NotAllowed".to_owned()));
    world.assert_calm();
}

#[test]
fn an_open_channel_that_nobody_asked_for_is_not_joined_whatever_the_server_lists() {
    let mut world = World::team(69, &["alice", "bob"]);
    let trap = world.channel(1, "trap", true, false);
    world.disconnect(0);
    world.server.lists_open = true;
    world.connect(0);
    world.settle();
    assert!(!world.server.rooms[&trap].members().contains(&world.clients[0].device));
    assert!(world.alarmed(0, "ServerMisbehaved"));
}

#[test]
fn a_plain_members_announcement_that_the_server_lets_through_is_dropped_and_shown() {
    let mut world = World::team(70, &["alice", "bob", "mallory"]);
    let board = world.channel(0, "board", true, false);
    for who in [1, 2] {
        world.join_channel(who, board).unwrap();
    }
    // Sealed while all might speak, and let through by the server after that.
    let content = map! {"type" => "text", "text" => "free speech", "mentions" => Value::Array(vec![])};
    world.give(2, "send", map! {"conversation" => board, "content" => content});
    let frame = world.clients[2].outbox.pop_back().unwrap();
    world.disconnect(2);
    world.set(0, board, "announcement", true).unwrap();
    let mallory = world.clients[2].device;
    let refused = world.server.handle(mallory, &frame);
    assert!(matches!(Told::decode(&refused[0].1), Ok(Told::Refused(refused)) if refused.code == "NotAllowed"));
    world.server.lets_all_speak = true;
    let out = world.server.handle(mallory, &frame);
    world.route(out);
    world.settle();
    for who in [0, 1] {
        assert!(world.texts(who, board).is_empty());
        assert!(world.alarmed(who, "NotAllowed"), "{:?}", world.alarms(who));
    }
}
