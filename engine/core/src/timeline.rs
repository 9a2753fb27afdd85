//! Messages as rows to show: opening what comes live and what a page brings, each by itself.

use inmost_public::ids::{Conversation, Device, Head, Message, User};
use inmost_public::roles::Roles;
use inmost_public::Refusal;

use crate::alarms::AlarmKind;
use crate::content::{Content, Kind as ContentKind, Ref};
use crate::expiry::{ends_at_ms, Expiring};
use crate::machine::Machine;
use crate::map;
use crate::message::{Opened, Place, Roster, Sealed};
use crate::opened::Novelty;
use crate::pack::Value;
use crate::shown::{append, content_value};

/// A message that holds: where it stands and who said it when.
struct Said {
    conversation: Conversation,
    n: u64,
    device: Device,
    id: Message,
    user: User,
    time_ms: u64,
    at_ms: u64,
    epoch: u64,
}

impl Said {
    fn row(&self) -> Value {
        map! {
            "conversation" => self.conversation, "n" => self.n, "id" => self.id, "device" => self.device, "user" => self.user,
            "time_ms" => self.time_ms, "at_ms" => self.at_ms, "epoch" => self.epoch,
        }
    }

    fn expiring(&self, due_ms: u64, is_edit: bool) -> Expiring {
        let Said {
            conversation,
            n,
            device,
            id,
            user,
            time_ms,
            at_ms,
            epoch,
        } = *self;
        Expiring {
            conversation,
            n,
            due_ms,
            device,
            id,
            user,
            time_ms,
            at_ms,
            epoch,
            is_edit,
        }
    }
}

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
            let said = Said {
                conversation,
                n: head.n,
                device: header.device,
                id: header.id,
                user: author,
                time_ms,
                at_ms,
                epoch: header.epoch,
            };
            self.show_said(said, content);
        }
        if let Err((kind, words)) = may_say {
            self.alarm(kind, Some(conversation), Some(header.device), words);
        }
        self.stop_typing(conversation, header.device);
        if Some(header.device) == self.me.as_ref().map(|me| me.device) {
            self.was_sent(conversation, header.id, head.n, at_ms);
        }
        Ok(())
    }

    /// A message that holds and may be said: its row, its end, or what it tells the person's other devices.
    fn show_said(&mut self, said: Said, content: Content) {
        let due_ms = ends_at_ms(&content, said.time_ms.min(self.now));
        let inner = content.inner();
        let is_edit = matches!(inner, Content::Edit { .. });
        let key = message_key(said.conversation, said.n);
        if let Content::Marks { since, marks } = content {
            return self.hear_marks(said.n, since, marks);
        }
        let expiring = due_ms.map(|due_ms| said.expiring(due_ms, is_edit));
        if let Some(over) = expiring.as_ref().filter(|expiring| expiring.due_ms <= self.now) {
            return self.out.message(key, over.left().as_ref());
        }
        let mut row = said.row();
        if let (Content::Text { mentions, .. }, Some(me)) = (inner, &self.me) {
            append(&mut row, map! {"mentions_me" => mentions.contains(&me.user)});
        }
        append(&mut row, content_value(&content));
        if let Some(expiring) = expiring {
            append(&mut row, map! {"expires_ms" => expiring.due_ms});
            self.note_ending(&expiring);
        }
        self.out.message(key, Some(&row));
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
        let is_right = match content.inner() {
            Content::Edit { of, .. } | Content::Close { of } => is_own(of),
            Content::Delete { of } => is_own(of) || roles.of(author).is_moderating(),
            Content::Title { .. } | Content::Topic { .. } | Content::Pin { .. } => {
                if !roles.may_name(author) {
                    return Ok(Err((AlarmKind::NotAllowed, "named or pinned what others may; dropped")));
                }
                true
            }
            Content::Marks { .. } => self.conv(conversation)?.state.kind == "personal",
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
