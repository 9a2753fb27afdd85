//! What a host gives to `step`: `[now_ms, entropy, kind, ...]` (docs/protocol/engine.md).

use inmost_public::Refusal;

use crate::pack::{self, Field, Value};

pub type CommandId = [u8; 16];

#[derive(Debug)]
pub struct Input {
    pub now_ms: u64,
    pub entropy: [u8; 32],
    pub kind: InputKind,
}

#[derive(Debug)]
pub enum InputKind {
    Connected,
    Disconnected,
    Frame(Vec<u8>),
    Tick,
    Command {
        id: CommandId,
        name: String,
        arguments: Value,
    },
}

impl Input {
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let Value::Array(values) = pack::decode(bytes)? else {
            return Err(Refusal::Malformed);
        };
        let mut values = values.into_iter();
        let mut next = || values.next().ok_or(Refusal::Malformed);
        let now_ms = next()?.uint()?;
        let entropy = Field::from_value(next()?)?;
        let kind = match next()?.text()? {
            "connected" => InputKind::Connected,
            "disconnected" => InputKind::Disconnected,
            "frame" => InputKind::Frame(Field::from_value(next()?)?),
            "tick" => InputKind::Tick,
            "command" => InputKind::Command {
                id: Field::from_value(next()?)?,
                name: Field::from_value(next()?)?,
                arguments: next()?,
            },
            _ => return Err(Refusal::Malformed),
        };
        Ok(Input { now_ms, entropy, kind })
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut values = vec![self.now_ms.to_value(), self.entropy.to_value()];
        match &self.kind {
            InputKind::Connected => values.push("connected".to_value()),
            InputKind::Disconnected => values.push("disconnected".to_value()),
            InputKind::Frame(frame) => values.extend(["frame".to_value(), frame.to_value()]),
            InputKind::Tick => values.push("tick".to_value()),
            InputKind::Command { id, name, arguments } => {
                values.extend(["command".to_value(), id.to_value(), name.to_value(), arguments.clone()])
            }
        }
        pack::encode(&Value::Array(values))
    }
}
