//! What `step` gives back: `[rows, frames, events, wake_at_ms]`, carried out by the host in this order (docs/protocol/engine.md).

use crate::pack::{self, Field, Value};

/// A row of the host's tables; no value deletes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    pub table: &'static str,
    pub key: Vec<u8>,
    pub value: Option<Vec<u8>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    pub rows: Vec<RowChange>,
    pub frames: Vec<Vec<u8>>,
    pub events: Vec<(String, Value)>,
    pub wake_at_ms: Option<u64>,
}

impl Effects {
    pub fn event(&mut self, name: &str, details: Value) {
        self.events.push((name.to_owned(), details));
    }

    /// A row of the table `messages`.
    pub fn message(&mut self, key: Vec<u8>, value: Option<&Value>) {
        self.rows.push(RowChange {
            table: "messages",
            key,
            value: value.map(pack::encode),
        });
    }

    pub fn encode(self) -> Vec<u8> {
        let row = |row: RowChange| {
            Value::Array(vec![
                row.table.to_value(),
                Value::Bytes(row.key),
                row.value.map_or(Value::Nil, Value::Bytes),
            ])
        };
        let event = |(name, details)| Value::Array(vec![Value::Text(name), details]);
        pack::encode(&Value::Array(vec![
            Value::Array(self.rows.into_iter().map(row).collect()),
            Value::Array(self.frames.into_iter().map(Value::Bytes).collect()),
            Value::Array(self.events.into_iter().map(event).collect()),
            self.wake_at_ms.to_value(),
        ]))
    }
}
