//! Messages as rows to show: opening what comes live and what a page brings, each by itself.

use inmost_public::ids::{Conversation, Head, Message, User};
use inmost_public::roles::Roles;
use inmost_public::Refusal;

use crate::alarms::AlarmKind;
use crate::content::{Content, Kind as ContentKind, Ref};
use crate::machine::Machine;
use crate::map;
use crate::message::{Opened, Place, Roster, Sealed};
use crate::opened::Novelty;
use crate::pack::{Field, Value};

/// Why something that was said is not shown, for the alarm.
type Dropped = (AlarmKind, &'static str);

/// The key of a row of the table `messages`.
pub fn message_key(conversation: Conversation, n: u64) -> Vec<u8> {
    [&conversation.0[..], &n.to_be_bytes()].concat()
}

/// The key of a message that waits to be accepted.
pub fn waiting_key(conversation: Conversation, id: Message) -> Vec<u8> {
    [&conversation.0[..], &[0xff; 8], &id.0].concat()
}

impl Machine {
    /// A message that comes in order.
    pub(crate) fn live_message(
        &mut self,
        conversation: Conversation,
        head: Head,
        bytes: &[u8],
        at_ms: u64,
    ) -> Result<(), Refusal> {
        self.show_message(conversation, head, bytes, at_ms)?;
        self.note_last(conversation, head.n, at_ms)?;
        self.out
            .event("message", map! {"conversation" => conversation, "n" => head.n});
        Ok(())
    }

    /// A message whose entry will be loaded when somebody looks.
    pub(crate) fn unopened_message(
        &mut self,
        conversation: Conversation,
        head: &Head,
        at_ms: u64,
    ) -> Result<(), Refusal> {
        self.note_last(conversation, head.n, at_ms)
    }

    fn note_last(&mut self, conversation: Conversation, n: u64, at_ms: u64) -> Result<(), Refusal> {
        let state = &mut self.conv_mut(conversation)?.state;
        state.last_n = state.last_n.max(Some(n));
        state.last_at_ms = state.last_at_ms.max(at_ms);
        Ok(())
    }

    /// Open one message at its place in the log and write its row, or the row that says why not. Never waits for history.
    pub(crate) fn show_message(
        &mut self,
        conversation: Conversation,
        head: Head,
        bytes: &[u8],
        at_ms: u64,
    ) -> Result<(), Refusal> {
        let opened = match self.open_at(conversation, head.n, bytes) {
            Ok(opened) => {
                self.prove_keys(conversation, opened.header.epoch)?;
                opened
            }
            Err(refusal) => return self.show_unreadable(conversation, head, at_ms, bytes, refusal),
        };
        let Opened {
            header,
            content,
            content_hash,
            seen,
            dir,
            time_ms,
        } = opened;
        match self
            .opened(conversation)?
            .novelty(head.n, header.device, header.id, &content_hash)
        {
            Novelty::New => {}
            Novelty::Duplicate { first } if first > head.n => self.out.message(message_key(conversation, first), None),
            Novelty::Duplicate { .. } => {
                self.opened(conversation)?.note(head.n, &head.hash);
                return Ok(());
            }
            Novelty::Equivocation { first } => {
                self.alarm(
                    AlarmKind::Equivocation,
                    Some(conversation),
                    Some(header.device),
                    "one id for two messages; the first counts",
                );
                if first < head.n {
                    self.opened(conversation)?.note(head.n, &head.hash);
                    return Ok(());
                }
                self.out.message(message_key(conversation, first), None);
            }
        }
        self.opened(conversation)?
            .message(head.n, &head.hash, header.device, header.id, &content_hash);
        self.compare_seen(conversation, head.n, &seen)?;
        self.compare_dir(&dir, header.device)?;
        let Some(author) = self.directory.device(header.device).map(|state| state.user) else {
            return Err(Refusal::Unknown);
        };
        let may_say = self.may_say(conversation, head.n, dir.n, author, &content)?;
        if may_say.is_ok() {
            self.note_titles(conversation, head.n, &content)?;
            self.note_channel(conversation, head.n, author, &content)?;
            let mut row = map! {"conversation" => conversation, "n" => head.n, "id" => header.id, "device" => header.device, "user" => author, "time_ms" => time_ms, "at_ms" => at_ms, "epoch" => header.epoch};
            append(&mut row, content_value(&content));
            self.out.message(message_key(conversation, head.n), Some(&row));
        }
        if let Err((kind, words)) = may_say {
            self.alarm(kind, Some(conversation), Some(header.device), words);
        }
        if Some(header.device) == self.me.as_ref().map(|me| me.device) {
            self.was_sent(conversation, header.id, head.n, at_ms);
        }
        Ok(())
    }

    fn open_at(&mut self, conversation: Conversation, n: u64, bytes: &[u8]) -> Result<Opened, Refusal> {
        let sealed = Sealed::parse(bytes)?;
        let epoch = sealed.header.epoch;
        let keys = self.epoch_keys(conversation, epoch)?;
        let org = self.me()?.org;
        self.rosters(conversation)?;
        let conv = self.conv(conversation)?;
        let rosters = conv.rosters.as_ref().ok_or(Refusal::Corrupt)?;
        let place = Place {
            conversation,
            group: conv.state.group,
            epoch: None,
            device: None,
            kind: ContentKind::Message,
        };
        let directory = &self.directory;
        let roster = |epoch, device| match (rosters.has(epoch, device), directory.device(device)) {
            (Some(true), Some(state)) => Roster::Has {
                sig_public: state.sig_public,
            },
            (None, _) => Roster::NotKnownYet,
            _ => Roster::HasNot,
        };
        let opened = sealed.open(org, &place, roster, |_| keys)?;
        if rosters.is_past(epoch, n) {
            return Err(Refusal::SealedForThePast);
        }
        Ok(opened)
    }

    fn show_unreadable(
        &mut self,
        conversation: Conversation,
        head: Head,
        at_ms: u64,
        bytes: &[u8],
        refusal: Refusal,
    ) -> Result<(), Refusal> {
        self.opened(conversation)?.note(head.n, &head.hash);
        let header = Sealed::parse(bytes).ok().map(|sealed| sealed.header);
        let device = header.as_ref().map(|header| header.device);
        let is_waiting = refusal == Refusal::Corrupt
            && match &header {
                Some(header) => self.is_doubtful(conversation, header.epoch)?,
                None => false,
            };
        if is_waiting {
            self.doubt_link(conversation)?;
        } else if refusal != Refusal::SealedForThePast {
            self.alarm(
                AlarmKind::BadSeal,
                Some(conversation),
                device,
                &format!("a message does not open: {}", refusal.code()),
            );
        }
        let user = device
            .and_then(|device| self.directory.device(device))
            .map(|state| state.user);
        let row = map! {
            "conversation" => conversation, "n" => head.n, "id" => header.as_ref().map(|header| header.id), "device" => device, "user" => user,
            "time_ms" => at_ms, "at_ms" => at_ms, "epoch" => header.as_ref().map(|header| header.epoch), "type" => "unreadable",
            "reason" => if is_waiting { "Waiting" } else { refusal.code() },
        };
        self.out.message(message_key(conversation, head.n), Some(&row));
        Ok(())
    }

    /// What the author had seen of the log must be what this device has.
    fn compare_seen(&mut self, conversation: Conversation, n: u64, seen: &Head) -> Result<(), Refusal> {
        let agrees = if seen.n >= n {
            Some(false)
        } else {
            self.opened(conversation)?.agrees(seen)
        };
        match agrees {
            Some(true) => Ok(()),
            Some(false) => {
                self.fork(conversation, "a member saw another log than this device");
                Ok(())
            }
            None => {
                let conv = self.conv_mut(conversation)?;
                let is_ahead_of_span = conv
                    .state
                    .spans
                    .last()
                    .is_none_or(|span| seen.n + 1 != span.first || span.before == seen.hash);
                if !is_ahead_of_span {
                    self.fork(conversation, "a member saw another log than this device");
                } else if conv.state.expects.len() < 8 {
                    conv.state.expects.push(*seen);
                }
                Ok(())
            }
        }
    }

    /// Whether this person might say this at log number n, knowing the directory up to dir_n; what might not be said does not appear.
    fn may_say(
        &self,
        conversation: Conversation,
        n: u64,
        dir_n: u64,
        author: User,
        content: &Content,
    ) -> Result<Result<(), Dropped>, Refusal> {
        let roles = self.roles_at(conversation, n, dir_n)?;
        let is_own = |of: &Ref| {
            self.directory
                .device(of.device)
                .is_some_and(|state| state.user == author)
        };
        if !roles.may_post(author) {
            return Ok(Err((
                AlarmKind::NotAllowed,
                "wrote where only owners and moderators may; dropped",
            )));
        }
        let is_right = match content {
            Content::Edit { of, .. } => is_own(of),
            Content::Delete { of } => is_own(of) || roles.of(author).is_moderating(),
            Content::Title { .. } | Content::Topic { .. } => {
                if !roles.may_name(author) {
                    return Ok(Err((AlarmKind::NotAllowed, "renamed what others may name; dropped")));
                }
                true
            }
            _ => true,
        };
        Ok(if is_right {
            Ok(())
        } else {
            Err((AlarmKind::BadSeal, "tried to change somebody else's message; dropped"))
        })
    }

    /// The roles by which what stands at log number n is judged: the settings in force there, and the directory that the
    /// group or the author knew. Who reads it later judges alike.
    fn roles_at(&self, conversation: Conversation, n: u64, dir_n: u64) -> Result<Roles<'_>, Refusal> {
        let rosters = self.conv(conversation)?.rosters.as_ref().ok_or(Refusal::Corrupt)?;
        let (settings, group_dir_n) = rosters.rules_at(n).ok_or(Refusal::Corrupt)?;
        Ok(Roles::at(settings, &self.directory, dir_n.max(group_dir_n)))
    }

    /// As it is now: what this device may do by itself.
    pub(crate) fn roles_now(&mut self, conversation: Conversation) -> Result<Roles<'_>, Refusal> {
        self.rosters(conversation)?;
        self.roles_at(conversation, u64::MAX, u64::MAX)
    }

    fn note_titles(&mut self, conversation: Conversation, n: u64, content: &Content) -> Result<(), Refusal> {
        if !matches!(content, Content::Title { .. } | Content::Topic { .. }) {
            return Ok(());
        }
        let state = &mut self.conv_mut(conversation)?.state;
        let (known, text) = match content {
            Content::Title { text } => (&mut state.title, text),
            Content::Topic { text } => (&mut state.topic, text),
            _ => return Ok(()),
        };
        if known.as_ref().is_none_or(|(at, _)| *at <= n) {
            *known = Some((n, text.clone()));
            self.save_log(conversation);
            self.out.event(
                "conversation",
                map! {"conversation" => conversation, "change" => "changed"},
            );
        }
        Ok(())
    }
}

/// Put the pairs of one map behind those of another.
pub fn append(row: &mut Value, more: Value) {
    if let (Value::Map(pairs), Value::Map(more)) = (row, more) {
        pairs.extend(more);
    }
}

fn reference(of: &Ref) -> Value {
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
        Content::Receipt { .. } | Content::Typing { .. } | Content::Unknown { .. } => map! {"type" => "unknown"},
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
        "text" => {
            let reply_to = value.field::<Option<(inmost_public::ids::Device, Message)>>("reply_to")?;
            Content::Text {
                text: value.field("text")?,
                reply_to: reply_to.map(|(device, id)| Ref { device, id }),
                mentions: mentions()?,
            }
        }
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
        _ => return Err(Refusal::Malformed),
    };
    content.check()?;
    Ok(content)
}
