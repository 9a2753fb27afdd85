//! What a message says: the content codec (docs/protocol/messages.md). Text stays exactly as its author typed it.

use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::{Conversation, Device, Message, User};
use inmost_public::limits::{MAX_NAME_CHARS, MAX_TEXT_BYTES};
use inmost_public::Refusal;

/// So that a full text with all its mentions still fits one sealed message.
pub const MAX_MENTIONS: usize = 256;
pub const MAX_TITLE_CHARS: usize = MAX_NAME_CHARS;
pub const MAX_TOPIC_CHARS: usize = 1_000;
/// The longest emoji in use (families with skin tones, flags of regions) take less than half of it.
pub const MAX_EMOJI_BYTES: usize = 64;

/// Which family of content a sealed message carries; stands in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Stored in the log.
    Message = 1,
    /// A read position, replaced on the server.
    Receipt = 2,
    /// Relayed and never stored.
    Ephemeral = 3,
    /// Reserved for the personal group's snapshots.
    Snapshot = 4,
}

impl TryFrom<u64> for Kind {
    type Error = Refusal;
    fn try_from(n: u64) -> Result<Self, Refusal> {
        Ok(match n {
            1 => Kind::Message,
            2 => Kind::Receipt,
            3 => Kind::Ephemeral,
            4 => Kind::Snapshot,
            _ => return Err(Refusal::Malformed),
        })
    }
}

/// A message by its device and id: no server number, so that it can be named before it is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref {
    pub device: Device,
    pub id: Message,
}

/// Content as it is sealed. Unknown keeps what a newer version said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// CommonMark. `mentions` are the users named in it.
    Text {
        text: String,
        reply_to: Option<Ref>,
        mentions: Vec<User>,
    },
    /// By the same user only; the last by log order counts.
    Edit {
        of: Ref,
        text: String,
        mentions: Vec<User>,
    },
    Delete {
        of: Ref,
    },
    /// The last one by (user, emoji) counts.
    React {
        to: Ref,
        emoji: String,
        on: bool,
    },
    /// Of the conversation it stands in.
    Title {
        text: String,
    },
    Topic {
        text: String,
    },
    /// In the general channel: an open channel's name.
    Channel {
        conversation: Conversation,
        title: String,
        topic: String,
    },
    /// In the general channel: it is open no more.
    ChannelClosed {
        conversation: Conversation,
    },
    /// Read up to log number n.
    Receipt {
        n: u64,
    },
    Typing {
        on: bool,
    },
    /// From a newer Inmost: an array whose first element is a name this version does not know.
    Unknown {
        item: Item,
    },
}

impl Content {
    /// The kind of message this may stand in; None for unknown content, which may stand in any.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Content::Unknown { .. } => None,
            Content::Receipt { .. } => Some(Kind::Receipt),
            Content::Typing { .. } => Some(Kind::Ephemeral),
            _ => Some(Kind::Message),
        }
    }

    pub fn to_item(&self) -> Item {
        match self {
            Content::Text {
                text,
                reply_to,
                mentions,
            } => cbor!["text", text, *reply_to, users(mentions)],
            Content::Edit { of, text, mentions } => cbor!["edit", *of, text, users(mentions)],
            Content::Delete { of } => cbor!["delete", *of],
            Content::React { to, emoji, on } => cbor!["react", *to, emoji, *on],
            Content::Title { text } => cbor!["title", text],
            Content::Topic { text } => cbor!["topic", text],
            Content::Channel {
                conversation,
                title,
                topic,
            } => cbor!["channel", conversation, title, topic],
            Content::ChannelClosed { conversation } => cbor!["channel_closed", conversation],
            Content::Receipt { n } => cbor!["receipt", *n],
            Content::Typing { on } => cbor!["typing", *on],
            Content::Unknown { item } => item.clone(),
        }
    }

    /// Reads content and checks it: Malformed for a known name with another shape or a forbidden character, TooLarge for a limit.
    pub fn from_item(item: &Item) -> Result<Self, Refusal> {
        let (name, fields) = item.list()?.split_first().ok_or(Refusal::Malformed)?;
        let content = match (name.text()?, fields) {
            ("text", [text, reply_to, mentions]) => Content::Text {
                text: text.text()?.to_owned(),
                reply_to: reply_to.or_null(Ref::from_item)?,
                mentions: read_users(mentions)?,
            },
            ("edit", [of, text, mentions]) => Content::Edit {
                of: Ref::from_item(of)?,
                text: text.text()?.to_owned(),
                mentions: read_users(mentions)?,
            },
            ("delete", [of]) => Content::Delete {
                of: Ref::from_item(of)?,
            },
            ("react", [to, emoji, on]) => Content::React {
                to: Ref::from_item(to)?,
                emoji: emoji.text()?.to_owned(),
                on: on.bool()?,
            },
            ("title", [text]) => Content::Title {
                text: text.text()?.to_owned(),
            },
            ("topic", [text]) => Content::Topic {
                text: text.text()?.to_owned(),
            },
            ("channel", [conversation, title, topic]) => Content::Channel {
                conversation: Conversation::from_item(conversation)?,
                title: title.text()?.to_owned(),
                topic: topic.text()?.to_owned(),
            },
            ("channel_closed", [conversation]) => Content::ChannelClosed {
                conversation: Conversation::from_item(conversation)?,
            },
            ("receipt", [n]) => Content::Receipt { n: n.uint()? },
            ("typing", [on]) => Content::Typing { on: on.bool()? },
            (
                "text" | "edit" | "delete" | "react" | "title" | "topic" | "channel" | "channel_closed" | "receipt"
                | "typing",
                _,
            ) => return Err(Refusal::Malformed),
            _ => Content::Unknown { item: item.clone() },
        };
        content.check()?;
        Ok(content)
    }

    /// The limits and characters that both the sealing and the opening side insist on.
    pub fn check(&self) -> Result<(), Refusal> {
        match self {
            Content::Text { text, mentions, .. } | Content::Edit { text, mentions, .. } => {
                if mentions.len() > MAX_MENTIONS {
                    return Err(Refusal::TooLarge);
                }
                check_text(text)
            }
            Content::React { emoji, .. } => check_emoji(emoji),
            Content::Title { text } => check_line(text, MAX_TITLE_CHARS),
            Content::Topic { text } => check_line(text, MAX_TOPIC_CHARS),
            Content::Channel { title, topic, .. } => {
                check_line(title, MAX_TITLE_CHARS).and(check_line(topic, MAX_TOPIC_CHARS))
            }
            Content::Unknown { item } => match item.list()?.first() {
                Some(Item::Text(_)) => Ok(()),
                _ => Err(Refusal::Malformed),
            },
            Content::Delete { .. }
            | Content::ChannelClosed { .. }
            | Content::Receipt { .. }
            | Content::Typing { .. } => Ok(()),
        }
    }
}

impl Ref {
    fn from_item(item: &Item) -> Result<Self, cbor::Malformed> {
        let [device, id] = item.array()?;
        Ok(Ref {
            device: Device::from_item(device)?,
            id: Message::from_item(id)?,
        })
    }
}

impl From<Ref> for Item {
    fn from(to: Ref) -> Item {
        cbor![to.device, to.id]
    }
}

fn users(mentions: &[User]) -> Item {
    Item::Array(mentions.iter().map(Item::from).collect())
}

fn read_users(item: &Item) -> Result<Vec<User>, Refusal> {
    let mentions = item.list()?;
    if mentions.len() > MAX_MENTIONS {
        return Err(Refusal::TooLarge);
    }
    Ok(mentions.iter().map(User::from_item).collect::<Result<_, _>>()?)
}

/// Line ends (also of Windows: CommonMark section 2.1 counts CR as one) and tabs belong to text; other control characters
/// only ever steer terminals. Everything else stays as typed: no normalisation, which would break signatures and some scripts.
fn check_text(text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Refusal::TooLarge);
    }
    if text
        .chars()
        .any(|typed| typed.is_control() && !matches!(typed, '\n' | '\r' | '\t'))
    {
        return Err(Refusal::Malformed);
    }
    Ok(())
}

/// Titles and topics are one line, and may not turn the writing direction of what stands beside them in a list.
fn check_line(text: &str, max_chars: usize) -> Result<(), Refusal> {
    if text.len() > 4 * max_chars || text.chars().count() > max_chars {
        return Err(Refusal::TooLarge);
    }
    // LINE and PARAGRAPH SEPARATOR; LEFT-TO-RIGHT and RIGHT-TO-LEFT OVERRIDE.
    let is_forbidden =
        |typed: char| typed.is_control() || matches!(typed, '\u{2028}' | '\u{2029}' | '\u{202d}' | '\u{202e}');
    if text.chars().any(is_forbidden) {
        return Err(Refusal::Malformed);
    }
    Ok(())
}

fn check_emoji(emoji: &str) -> Result<(), Refusal> {
    if emoji.len() > MAX_EMOJI_BYTES {
        return Err(Refusal::TooLarge);
    }
    if emoji.is_empty() || emoji.chars().any(|typed| typed.is_control() || typed.is_whitespace()) {
        return Err(Refusal::Malformed);
    }
    Ok(())
}
