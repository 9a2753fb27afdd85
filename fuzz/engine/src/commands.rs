//! One of each command that a host may give, right for Alice in the story.

use inmost_core::map;
use inmost_core::pack::Value;

use crate::story::Story;
use crate::world::ORIGIN;

pub fn commands(story: &Story) -> Vec<(&'static str, Value)> {
    let conversation = story.conversation;
    let users = vec![story.user(0), story.user(3)];
    let (bob, device) = (story.user(0), story.bob().0);
    let of = Value::Array(vec![Value::Bytes(device.0.to_vec()), Value::Bytes(vec![7; 16])]);
    let none = || Value::Array(vec![]);
    let say = |content: Value| map! {"conversation" => conversation, "content" => content};
    vec![
        (
            "begin",
            map! {"link" => "https://inmost.test/join#AQ", "name" => "Zoe", "origin" => ORIGIN, "is_bot" => false},
        ),
        ("claimed", map! {"server_key" => [5u8; 32]}),
        ("sign_in", map! {"origin" => ORIGIN, "server_nonce" => [5u8; 32]}),
        (
            "recover",
            map! {"recovery_key" => "0000", "org" => story.org(), "account" => "alice", "user" => bob, "origin" => ORIGIN, "revoke_others" => true},
        ),
        (
            "invite",
            map! {"account" => "zoe", "role" => "member", "is_bot" => false, "expires_ms" => story.now() + 1_000, "name" => "Zoe"},
        ),
        ("withdraw", map! {"invitation" => [1u8; 16]}),
        ("set_role", map! {"user" => bob, "role" => "guest"}),
        ("suspend", map! {"user" => bob, "suspended" => true}),
        ("rename", map! {"name" => "Alice B."}),
        (
            "add_passkey",
            map! {"credential" => vec![8u8], "secret" => Value::Bytes(vec![8; 32])},
        ),
        ("remove_passkey", map! {"credential" => vec![8u8]}),
        ("revoke", map! {"device" => device}),
        (
            "create",
            map! {"kind" => "group", "title" => "fourth", "users" => users.clone()},
        ),
        (
            "create",
            map! {"kind" => "channel", "title" => Value::Nil, "users" => none()},
        ),
        ("add", map! {"conversation" => conversation, "users" => users.clone()}),
        ("remove", map! {"conversation" => conversation, "users" => users}),
        ("leave", map! {"conversation" => conversation}),
        ("rotate", map! {"conversation" => conversation}),
        (
            "send",
            say(map! {"type" => "text", "text" => "hi", "reply_to" => of, "mentions" => vec![bob]}),
        ),
        (
            "send",
            say(map! {"type" => "edit", "target" => of, "text" => "ho", "mentions" => none()}),
        ),
        ("send", say(map! {"type" => "delete", "target" => of})),
        (
            "send",
            say(map! {"type" => "react", "target" => of, "emoji" => "👍", "on" => true}),
        ),
        ("send", say(map! {"type" => "title", "text" => "plans"})),
        ("send", say(map! {"type" => "topic", "text" => "of Friday"})),
        (
            "send",
            say(
                map! {"type" => "text", "text" => "hi", "reply_to" => Value::Nil, "mentions" => none(), "thread" => of, "expires_after_ms" => 1_000u64},
            ),
        ),
        ("send", say(map! {"type" => "pin", "target" => of, "on" => true})),
        (
            "send",
            say(
                map! {"type" => "poll", "text" => "when?", "options" => vec!["now".to_owned(), "later".to_owned()], "multiple" => true},
            ),
        ),
        (
            "send",
            say(map! {"type" => "vote", "target" => of, "choices" => vec![1u64]}),
        ),
        ("send", say(map! {"type" => "close", "target" => of})),
        ("join_channel", map! {"conversation" => story.channel}),
        (
            "set_settings",
            map! {"conversation" => conversation, "guests" => true, "moderated" => true},
        ),
        (
            "set_conversation_role",
            map! {"conversation" => conversation, "user" => bob, "role" => "member"},
        ),
        ("presence", map! {"active" => true}),
        ("set_draft", map! {"conversation" => conversation, "text" => "not yet"}),
        ("mute", map! {"conversation" => conversation, "on" => true}),
        ("pin_conversation", map! {"conversation" => conversation, "on" => true}),
        ("read", map! {"conversation" => conversation, "n" => 3u64}),
        ("signal", map! {"conversation" => conversation, "typing" => true}),
        (
            "page",
            map! {"conversation" => conversation, "before" => Value::Nil, "limit" => 20u64},
        ),
        (
            "page",
            map! {"conversation" => conversation, "before" => 5u64, "limit" => 200u64},
        ),
        ("mark_verified", map! {"user" => bob, "number" => "12345"}),
    ]
}
