//! Content as hosts write it, show it and give it: the rows of the table `messages` (docs/protocol/engine.md).

use inmost_public::ids::{Device, Message, User};
use inmost_public::Refusal;

use crate::content::{Content, Ref};
use crate::map;
use crate::pack::{Field, Value};

/// Put the pairs of one map behind those of another.
pub fn append(row: &mut Value, more: Value) {
    if let (Value::Map(pairs), Value::Map(more)) = (row, more) {
        pairs.extend(more);
    }
}

pub fn reference(of: &Ref) -> Value {
    Value::Array(vec![of.device.to_value(), of.id.to_value()])
}

/// Content as hosts write and show it.
pub fn content_value(content: &Content) -> Value {
    match content {
        Content::Text {
            text,
            reply_to,
            mentions,
        } => {
            map! {"type" => "text", "text" => text.clone(), "reply_to" => reply_to.as_ref().map_or(Value::Nil, reference), "mentions" => mentions.clone()}
        }
        Content::Edit { of, text, mentions } => {
            map! {"type" => "edit", "target" => reference(of), "text" => text.clone(), "mentions" => mentions.clone()}
        }
        Content::Delete { of } => map! {"type" => "delete", "target" => reference(of)},
        Content::React { to, emoji, on } => {
            map! {"type" => "react", "target" => reference(to), "emoji" => emoji.clone(), "on" => *on}
        }
        Content::Title { text } => map! {"type" => "title", "text" => text.clone()},
        Content::Topic { text } => map! {"type" => "topic", "text" => text.clone()},
        Content::Channel {
            conversation,
            title,
            topic,
        } => map! {"type" => "channel", "channel" => *conversation, "title" => title.clone(), "topic" => topic.clone()},
        Content::ChannelClosed { conversation } => map! {"type" => "channel_closed", "channel" => *conversation},
        Content::Post { thread, content, .. } => {
            let mut row = content_value(content);
            append(
                &mut row,
                map! {"thread" => thread.as_ref().map_or(Value::Nil, reference)},
            );
            row
        }
        Content::Pin { of, on } => map! {"type" => "pin", "target" => reference(of), "on" => *on},
        Content::Poll {
            question,
            options,
            is_multiple,
        } => {
            map! {"type" => "poll", "text" => question.clone(), "options" => options.clone(), "multiple" => *is_multiple}
        }
        Content::Vote { of, choices } => {
            map! {"type" => "vote", "target" => reference(of), "choices" => choices.clone()}
        }
        Content::Close { of } => map! {"type" => "close", "target" => reference(of)},
        Content::Receipt { .. }
        | Content::Typing { .. }
        | Content::Presence { .. }
        | Content::Marks { .. }
        | Content::Unknown { .. } => map! {"type" => "unknown"},
    }
}

/// Content as a host gives it with the command `send`.
pub fn content_of(value: &Value) -> Result<Content, Refusal> {
    let target = || -> Result<Ref, Refusal> {
        let (device, id) = value.field("target")?;
        Ok(Ref { device, id })
    };
    let mentions =
        || -> Result<Vec<User>, Refusal> { Ok(value.field::<Option<Vec<User>>>("mentions")?.unwrap_or_default()) };
    let content = match value.get("type").text()? {
        "text" => Content::Text {
            text: value.field("text")?,
            reply_to: optional_reference(value, "reply_to")?,
            mentions: mentions()?,
        },
        "edit" => Content::Edit {
            of: target()?,
            text: value.field("text")?,
            mentions: mentions()?,
        },
        "delete" => Content::Delete { of: target()? },
        "react" => Content::React {
            to: target()?,
            emoji: value.field("emoji")?,
            on: value.field::<Option<bool>>("on")?.unwrap_or(true),
        },
        "title" => Content::Title {
            text: value.field("text")?,
        },
        "topic" => Content::Topic {
            text: value.field("text")?,
        },
        "pin" => Content::Pin {
            of: target()?,
            on: value.field::<Option<bool>>("on")?.unwrap_or(true),
        },
        "poll" => Content::Poll {
            question: value.field("text")?,
            options: value.field("options")?,
            is_multiple: value.field::<Option<bool>>("multiple")?.unwrap_or(false),
        },
        "vote" => Content::Vote {
            of: target()?,
            choices: value.field("choices")?,
        },
        "close" => Content::Close { of: target()? },
        _ => return Err(Refusal::Malformed),
    };
    let content = in_post(
        content,
        optional_reference(value, "thread")?,
        value.field("expires_after_ms")?,
    );
    content.check()?;
    Ok(content)
}

/// The post around something said in a thread or for a time; nothing around what is said for ever and to the conversation.
pub fn in_post(content: Content, thread: Option<Ref>, expires_after_ms: Option<u64>) -> Content {
    if thread.is_none() && expires_after_ms.is_none() {
        return content;
    }
    Content::Post {
        thread,
        expires_after_ms,
        content: Box::new(content),
    }
}

fn optional_reference(value: &Value, key: &str) -> Result<Option<Ref>, Refusal> {
    let pair = value.field::<Option<(Device, Message)>>(key)?;
    Ok(pair.map(|(device, id)| Ref { device, id }))
}
