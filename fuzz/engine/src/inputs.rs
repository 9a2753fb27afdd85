//! What a host gives: inputs, commands and questions, as bytes or as valid ones with changes. Refused, or done; never a panic.

use std::cell::RefCell;

use inmost_core::input::{Input, InputKind};
use inmost_core::map;
use inmost_core::pack::{self, Value};

use crate::commands::commands;
use crate::script::{self, Script};
use crate::story::{Moment, Story};

pub struct Inputs {
    story: RefCell<Story>,
    commands: Vec<(&'static str, Value)>,
    questions: Vec<(&'static str, Value)>,
    parts: Vec<Value>,
}

impl Inputs {
    pub fn new() -> Self {
        let story = Story::new();
        let commands = commands(&story);
        let (conversation, bob) = (story.conversation, story.user(0));
        let mut questions: Vec<(&str, Value)> = [
            "me",
            "people",
            "invitations",
            "conversations",
            "open_channels",
            "devices",
            "alarms",
        ]
        .map(|name| (name, map! {}))
        .to_vec();
        questions.push(("conversation", map! {"conversation" => conversation}));
        questions.push(("safety", map! {"user" => bob}));
        questions.push(("passkey", map! {"credential" => vec![8u8]}));
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
