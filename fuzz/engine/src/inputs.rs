//! What a host gives: inputs, commands and questions, as bytes or as valid ones with changes. Refused, or done; never a panic.

use std::cell::RefCell;

use inmost_core::input::{Input, InputKind};
use inmost_core::map;
use inmost_core::pack::{self, Value};

use crate::script::{self, Script};
use crate::story::{Moment, Story};
use crate::world::ORIGIN;

pub struct Inputs {
    story: RefCell<Story>,
    commands: Vec<(&'static str, Value)>,
    questions: Vec<(&'static str, Value)>,
    parts: Vec<Value>,
}

impl Inputs {
    pub fn new() -> Self {
        let story = Story::new();
        let conversation = story.conversation;
        let users = vec![story.user(0), story.user(3)];
        let (bob, device) = (story.user(0), story.bob().0);
        let of = Value::Array(vec![Value::Bytes(device.0.to_vec()), Value::Bytes(vec![7; 16])]);
        let none = || Value::Array(vec![]);
        let say = |content: Value| map! {"conversation" => conversation, "content" => content};
        let commands = vec![
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
        ];
        let mut questions: Vec<(&str, Value)> = ["me", "people", "invitations", "conversations", "devices", "alarms"]
            .map(|name| (name, map! {}))
            .to_vec();
        questions.push(("conversation", map! {"conversation" => conversation}));
        questions.push(("safety", map! {"user" => bob}));
        let mut parts = vec![];
        commands
            .iter()
            .for_each(|(_, arguments)| script::parts(arguments, &mut parts));
        Inputs {
            story: RefCell::new(story),
            commands,
            questions,
            parts,
        }
    }

    /// The moment; then raw bytes, a changed command, a changed question, or a changed input.
    pub fn run(&self, bytes: &[u8]) {
        let mut script = Script::new(bytes);
        let moment = [Moment::Present, Moment::Behind, Moment::New, Moment::Returning][script.below(4)];
        let what = script.byte() % 4;
        let mut story = self.story.borrow_mut();
        let mut device = story.device(moment);
        if moment == Moment::Present {
            story.settle(&mut device, |_, _| {});
        }
        match what {
            0 => {
                let bytes = script.rest();
                device.packed(bytes);
                let _ = device.engine.view(bytes);
            }
            1 => {
                let (name, arguments) = &self.questions[script.below(self.questions.len())];
                let mut question = Value::Array(vec![Value::Text((*name).to_owned()), arguments.clone()]);
                self.edit(&mut question, &mut script);
                let _ = device.engine.view(&pack::encode(&question));
            }
            _ => {
                let (name, arguments) = &self.commands[script.below(self.commands.len())];
                let kind = InputKind::Command {
                    id: [3; 16],
                    name: (*name).to_owned(),
                    arguments: arguments.clone(),
                };
                let mut input = script::frame(
                    &Input {
                        now_ms: story.now(),
                        entropy: [9; 32],
                        kind,
                    }
                    .encode(),
                );
                if what == 2 {
                    self.edit(&mut input, &mut script);
                } else if let Value::Array(fields) = &mut input {
                    fields
                        .last_mut()
                        .into_iter()
                        .for_each(|arguments| self.edit(arguments, &mut script));
                }
                device.packed(&pack::encode(&input));
            }
        }
        story.settle(&mut device, |_, _| {});
        let _ = device.engine.view(&pack::encode(&Value::Array(vec![
            Value::Text("conversations".into()),
            map! {},
        ])));
    }

    fn edit(&self, value: &mut Value, script: &mut Script<'_>) {
        while !script.is_over() {
            script.edit(value, &self.parts);
        }
    }
}

impl Default for Inputs {
    fn default() -> Self {
        Self::new()
    }
}
