//! What a message says: the content codec (docs/protocol/messages.md). Text stays exactly as its author typed it.

use inmost_public::cbor;
use inmost_public::cbor::Item;
use inmost_public::ids::{Conversation, Device, Message, User};
use inmost_public::limits::{MAX_NAME_CHARS, MAX_TEXT_BYTES};
use inmost_public::Refusal;

use crate::mark::{Mark, MAX_MARKS};

/// So that a full text with all its mentions still fits one sealed message.
pub const MAX_MENTIONS: usize = 256;
pub const MAX_TITLE_CHARS: usize = MAX_NAME_CHARS;
pub const MAX_TOPIC_CHARS: usize = 1_000;
/// The longest emoji in use (families with skin tones, flags of regions) take less than half of it.
pub const MAX_EMOJI_BYTES: usize = 64;
pub const MAX_QUESTION_CHARS: usize = 1_000;
pub const MIN_POLL_OPTIONS: usize = 2;
pub const MAX_POLL_OPTIONS: usize = 20;
pub const MAX_OPTION_CHARS: usize = 200;
/// A message that expires lives this long at least and at most: a second, and a year of 366 days.
pub const MIN_EXPIRY_MS: u64 = 1_000;
pub const MAX_EXPIRY_MS: u64 = 366 * 24 * 3_600_000;

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
    /// Something said in a thread, for a time only, or both: text, a poll, an edit of what expires, or what a newer Inmost says.
    Post {
        /// The message the thread hangs on.
        thread: Option<Ref>,
        /// From the author's time on.
        expires_after_ms: Option<u64>,
        content: Box<Content>,
    },
    /// For everybody in the conversation; the last by log order counts. Not by guests.
    Pin {
        of: Ref,
        on: bool,
    },
    Poll {
        question: String,
        options: Vec<String>,
        is_multiple: bool,
    },
    /// All the options somebody chooses, ascending; none takes the vote back. The last one by user counts, until the poll is closed.
    Vote {
        of: Ref,
        choices: Vec<u64>,
    },
    /// Of a poll, by the person who asked.
    Close {
        of: Ref,
    },
    /// In the personal group only: what a person's devices tell each other. See `Mark`.
    Marks {
        /// Whoever has read from this log number on has every mark.
        since: Option<u64>,
        marks: Vec<Mark>,
    },
    /// Read up to log number n.
    Receipt {
        n: u64,
    },
    Typing {
        on: bool,
    },
    /// At the screen, or with the screen left alone. Silence is the third state.
    Presence {
        active: bool,
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
            Content::Post { content, .. } => content.kind(),
            Content::Receipt { .. } => Some(Kind::Receipt),
            Content::Typing { .. } | Content::Presence { .. } => Some(Kind::Ephemeral),
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
            Content::Post {
                thread,
                expires_after_ms,
                content,
            } => cbor!["post", *thread, *expires_after_ms, content.to_item()],
            Content::Pin { of, on } => cbor!["pin", *of, *on],
            Content::Poll {
                question,
                options,
                is_multiple,
            } => {
                let options = options.iter().map(|option| Item::Text(option.clone())).collect();
                cbor!["ballot", question, Item::Array(options), *is_multiple]
            }
            Content::Vote { of, choices } => {
                let choices = choices.iter().map(|choice| Item::Uint(*choice)).collect();
                cbor!["vote", *of, Item::Array(choices)]
            }
            Content::Close { of } => cbor!["close", *of],
            Content::Marks { since, marks } => {
                cbor!["marks", *since, Item::Array(marks.iter().map(Mark::to_item).collect())]
            }
            Content::Receipt { n } => cbor!["receipt", *n],
            Content::Typing { on } => cbor!["typing", *on],
            Content::Presence { active } => cbor!["presence", *active],
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
            ("post", [thread, expires_after_ms, content]) => Content::Post {
                thread: thread.or_null(Ref::from_item)?,
                expires_after_ms: expires_after_ms.or_null(Item::uint)?,
                content: Box::new(Content::from_item_in_post(content)?),
            },
            ("pin", [of, on]) => Content::Pin {
                of: Ref::from_item(of)?,
                on: on.bool()?,
            },
            ("ballot", [question, options, is_multiple]) => Content::Poll {
                question: question.text()?.to_owned(),
                options: read_list(options, MAX_POLL_OPTIONS, |option| Ok(option.text()?.to_owned()))?,
                is_multiple: is_multiple.bool()?,
            },
            ("vote", [of, choices]) => Content::Vote {
                of: Ref::from_item(of)?,
                choices: read_list(choices, MAX_POLL_OPTIONS, |choice| Ok(choice.uint()?))?,
            },
            ("close", [of]) => Content::Close {
                of: Ref::from_item(of)?,
            },
            ("marks", [since, marks]) => Content::Marks {
                since: since.or_null(Item::uint)?,
                marks: read_list(marks, MAX_MARKS, Mark::from_item)?,
            },
            ("receipt", [n]) => Content::Receipt { n: n.uint()? },
            ("typing", [on]) => Content::Typing { on: on.bool()? },
            ("presence", [active]) => Content::Presence { active: active.bool()? },
            (name, _) if NAMES.contains(&name) => return Err(Refusal::Malformed),
            _ => Content::Unknown { item: item.clone() },
        };
        content.check()?;
        Ok(content)
    }

    /// What stands in a post; a post in a post has no meaning, so none is given to it.
    fn from_item_in_post(item: &Item) -> Result<Self, Refusal> {
        match item.list()?.first() {
            Some(Item::Text(name)) if name == "post" => Err(Refusal::Malformed),
            _ => Content::from_item(item),
        }
    }

    /// What is said itself, whether or not a post is around it.
    pub fn inner(&self) -> &Content {
        match self {
            Content::Post { content, .. } => content,
            content => content,
        }
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
            Content::Post {
                thread,
                expires_after_ms,
                content,
            } => check_post(*thread, *expires_after_ms, content),
            Content::Poll { question, options, .. } => check_poll(question, options),
            Content::Vote { choices, .. } => check_choices(choices),
            Content::Marks { marks, .. } => {
                if marks.len() > MAX_MARKS {
                    return Err(Refusal::TooLarge);
                }
                marks.iter().try_for_each(Mark::check)
            }
            Content::Unknown { item } => match item.list()?.first() {
                Some(Item::Text(_)) => Ok(()),
                _ => Err(Refusal::Malformed),
            },
            Content::Delete { .. }
            | Content::ChannelClosed { .. }
            | Content::Pin { .. }
            | Content::Close { .. }
            | Content::Receipt { .. }
            | Content::Typing { .. }
            | Content::Presence { .. } => Ok(()),
        }
    }
}

/// The names this version knows; a newer version takes a new name rather than other fields.
const NAMES: [&str; 17] = [
    "text",
    "edit",
    "delete",
    "react",
    "title",
    "topic",
    "channel",
    "channel_closed",
    "post",
    "pin",
    "ballot",
    "vote",
    "close",
    "marks",
    "receipt",
    "typing",
    "presence",
];

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
    read_list(item, MAX_MENTIONS, |user| Ok(User::from_item(user)?))
}

/// TooLarge before anything of a list that is too long is read.
fn read_list<T>(item: &Item, most: usize, read: impl Fn(&Item) -> Result<T, Refusal>) -> Result<Vec<T>, Refusal> {
    let items = item.list()?;
    if items.len() > most {
        return Err(Refusal::TooLarge);
    }
    items.iter().map(read).collect()
}

/// One meaning has one encoding: a post says at least one of thread and end, and an edit belongs to its message's thread.
fn check_post(thread: Option<Ref>, expires_after_ms: Option<u64>, content: &Content) -> Result<(), Refusal> {
    let is_sayable = match content {
        Content::Text { .. } | Content::Poll { .. } | Content::Unknown { .. } => true,
        Content::Edit { .. } => thread.is_none(),
        _ => false,
    };
    if !is_sayable || thread.is_none() && expires_after_ms.is_none() {
        return Err(Refusal::Malformed);
    }
    if expires_after_ms.is_some_and(|after| !(MIN_EXPIRY_MS..=MAX_EXPIRY_MS).contains(&after)) {
        return Err(Refusal::TooLarge);
    }
    content.check()
}

fn check_poll(question: &str, options: &[String]) -> Result<(), Refusal> {
    if options.len() > MAX_POLL_OPTIONS {
        return Err(Refusal::TooLarge);
    }
    let is_empty = |line: &str| line.trim().is_empty();
    if options.len() < MIN_POLL_OPTIONS || is_empty(question) || options.iter().any(|option| is_empty(option)) {
        return Err(Refusal::Malformed);
    }
    check_line(question, MAX_QUESTION_CHARS)?;
    options
        .iter()
        .try_for_each(|option| check_line(option, MAX_OPTION_CHARS))
}

/// Ascending, so that no option is chosen twice. Whether the poll has them, its readers see.
fn check_choices(choices: &[u64]) -> Result<(), Refusal> {
    if choices.len() > MAX_POLL_OPTIONS {
        return Err(Refusal::TooLarge);
    }
    let is_option = choices.last().is_none_or(|last| *last < MAX_POLL_OPTIONS as u64);
    if is_option && choices.is_sorted_by(|a, b| a < b) {
        Ok(())
    } else {
        Err(Refusal::Malformed)
    }
}

/// Line ends (also of Windows: CommonMark section 2.1 counts CR as one) and tabs belong to text; other control characters
/// only ever steer terminals. Everything else stays as typed: no normalisation, which would break signatures and some scripts.
pub(crate) fn check_text(text: &str) -> Result<(), Refusal> {
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
