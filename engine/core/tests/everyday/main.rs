//! What people do with messages besides saying them, each promise as a sentence: polls, pins, threads, endings, signals, marks.

#[path = "../world/mod.rs"]
mod world;

mod endings;
mod marks;
mod polls_and_pins;
mod signals;

use inmost_core::map;
use inmost_core::pack::Value;
use inmost_public::ids::Conversation;
use world::{Who, World};

impl World {
    /// Say any content; its number, or why not.
    fn say(&mut self, by: Who, to: Conversation, content: Value) -> Result<u64, String> {
        let sent = self.now_do(by, "send", map! {"conversation" => to, "content" => content})?;
        Ok(sent.field("n").unwrap())
    }

    /// Give a command that ends without any time passing.
    fn now_do(&mut self, who: Who, name: &str, arguments: Value) -> Result<Value, String> {
        let id = self.give(who, name, arguments);
        self.deliver();
        self.outcome(who, id).unwrap_or_else(|| panic!("{name} takes time"))
    }

    /// The row at a number of the log, as this device has it.
    fn row(&self, who: Who, conversation: Conversation, n: u64) -> Option<&Value> {
        let key = [&conversation.0[..], &n.to_be_bytes()].concat();
        self.clients[who].messages.get(&key)
    }

    /// (device, id) of the message at a number.
    fn reference(&self, who: Who, conversation: Conversation, n: u64) -> Value {
        let row = self.row(who, conversation, n).unwrap();
        Value::Array(vec![row.get("device").clone(), row.get("id").clone()])
    }

    fn about(&mut self, who: Who, conversation: Conversation) -> Value {
        self.view(who, "conversation", map! {"conversation" => conversation})
    }

    /// How often an event came.
    fn heard(&self, who: Who, name: &str) -> usize {
        self.clients[who]
            .events
            .iter()
            .filter(|(event, _)| event == name)
            .count()
    }

    /// Let so much time pass, and every device that wants to be woken do what it wanted.
    fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        for _ in 0..1_000 {
            self.deliver();
            let due = self
                .clients
                .iter()
                .filter_map(|client| client.wake_at_ms)
                .filter(|at| *at <= until)
                .min();
            let Some(at) = due else { break };
            self.now = self.now.max(at);
            for who in 0..self.clients.len() {
                if self.clients[who].wake_at_ms.is_some_and(|at| at <= self.now) {
                    self.step(who, inmost_core::input::InputKind::Tick);
                }
            }
        }
        self.now = until;
        self.deliver();
    }
}
