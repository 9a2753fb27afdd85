//! Open channels: what they are called is sealed in the general channel, so that every member finds them and nobody else does.

use std::collections::BTreeMap;

use inmost_public::cbor;
use inmost_public::directory::Role;
use inmost_public::ids::{general_conversation, Conversation, User};
use inmost_public::roles::Roles;
use inmost_public::settings::{ConversationKind, Settings};
use inmost_public::Refusal;
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::conversation::membership::Want;
use crate::conversation::Membership;
use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::pack::Value;
use crate::refused::Refused;
use crate::rows::Row;

/// More open channels, or more people naming one, are not listed: nobody fills the others' disks.
const MAX_OPEN_CHANNELS: usize = 10_000;
const MAX_WHO_NAMED: usize = 64;

/// What was said of one open channel. Pages come in any order, so each person's newest word is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenChannel {
    /// By person: the number of the first word and of the newest, and what that says: title and topic, or closed.
    said: BTreeMap<User, Said>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    first_n: u64,
    n: u64,
    name: Option<(String, String)>,
}

impl OpenChannel {
    /// False: too many people named it.
    fn note(&mut self, n: u64, by: User, name: Option<(String, String)>) -> bool {
        if self.said.len() >= MAX_WHO_NAMED && !self.said.contains_key(&by) {
            return false;
        }
        let said = self.said.entry(by).or_insert(Said {
            first_n: n,
            n,
            name: name.clone(),
        });
        said.first_n = said.first_n.min(n);
        if n >= said.n {
            (said.n, said.name) = (n, name);
        }
        true
    }

    /// Who made it known first. Ids are random: nobody can name a channel before the one who made it.
    fn opener(&self) -> Option<User> {
        self.said
            .iter()
            .min_by_key(|(_, said)| said.first_n)
            .map(|(user, _)| *user)
    }

    /// What it is called, and by whom: the newest word of who opened it or of who `may_correct`.
    fn name(&self, may_correct: impl Fn(User) -> bool) -> Option<(User, &(String, String))> {
        let opener = self.opener()?;
        let said = self
            .said
            .iter()
            .filter(|(user, _)| **user == opener || may_correct(**user));
        let (by, newest) = said.max_by_key(|(_, said)| said.n)?;
        Some((*by, newest.name.as_ref()?))
    }
}

impl Machine {
    fn general(&self) -> Result<Conversation, Refusal> {
        Ok(general_conversation(self.me()?.org))
    }

    /// What somebody says of an open channel in the general channel.
    pub(crate) fn note_channel(
        &mut self,
        conversation: Conversation,
        n: u64,
        by: User,
        content: &Content,
    ) -> Result<(), Refusal> {
        let (channel, name) = match content {
            Content::Channel {
                conversation,
                title,
                topic,
            } => (*conversation, Some((title.clone(), topic.clone()))),
            Content::ChannelClosed { conversation } => (*conversation, None),
            _ => return Ok(()),
        };
        if conversation != self.general()? {
            return Ok(());
        }
        let known: Option<OpenChannel> = self.rows.get(Row::OpenChannel(channel))?;
        if known.is_none() && self.rows.with_prefix(b"C").len() >= MAX_OPEN_CHANNELS {
            return Ok(());
        }
        let mut known = known.unwrap_or_default();
        if known.note(n, by, name) {
            self.rows.put(Row::OpenChannel(channel), &known);
            self.out
                .event("conversation", map! {"conversation" => channel, "change" => "listed"});
        }
        Ok(())
    }

    fn may_correct(&self, user: User) -> bool {
        self.directory
            .user(user)
            .is_some_and(|state| matches!(state.role(), Role::Owner | Role::Administrator))
    }

    /// Tell the general channel what an open channel of this device is called, or that it is open no more.
    pub(crate) fn make_known(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let state = &self.conv(conversation)?.state;
        let settings = Settings::decode(&state.settings)?;
        let general = self.general()?;
        let is_there = self.conversations.get(&general).is_some_and(|conv| conv.is_member());
        let known: Option<OpenChannel> = self.rows.get(Row::OpenChannel(conversation))?;
        let own = self.me()?.user;
        let counts = known
            .as_ref()
            .and_then(OpenChannel::opener)
            .is_none_or(|opener| opener == own);
        if settings.kind != ConversationKind::Channel || !is_there || !(counts || self.may_correct(own)) {
            return Ok(());
        }
        let title = state.title.as_ref().map(|(_, title)| title.clone());
        let topic = state.topic.as_ref().map_or(String::new(), |(_, topic)| topic.clone());
        let content = match (settings.open, title, &known) {
            (true, Some(title), _) => Content::Channel {
                conversation,
                title,
                topic,
            },
            (false, _, Some(_)) => Content::ChannelClosed { conversation },
            _ => return Ok(()),
        };
        let bytes = cbor::encode(&content.to_item());
        let is_being_said = self
            .conv(general)?
            .outbox
            .values()
            .any(|waiting| waiting.outgoing.content == bytes);
        let said = known
            .as_ref()
            .and_then(|known| known.said.get(&own))
            .map(|said| said.name.clone());
        let is_said = match &content {
            Content::Channel { title, topic, .. } => said == Some(Some((title.clone(), topic.clone()))),
            _ => said == Some(None),
        };
        if !is_being_said && !is_said {
            self.say(general, &content, None)?;
            self.advance(general)?;
        }
        Ok(())
    }

    /// The command `join_channel`.
    pub(crate) fn join_channel(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        let conversation: Conversation = arguments.field("conversation")?;
        if self.is_guest(self.me()?.user) {
            return Err(Refusal::NotAllowed.into());
        }
        if !self.session.is_connected() {
            return Err(Refused::offline());
        }
        let membership = self.conversations.get(&conversation).map(|conv| conv.state.membership);
        if membership.is_none() && !self.rows.has(Row::OpenChannel(conversation)) {
            return Err(Refusal::Unknown.into());
        }
        if matches!(membership, None | Some(Membership::Removed | Membership::Joining)) {
            self.session.join_refused.remove(&conversation);
            self.join(conversation)?;
            self.name_from_list(conversation)?;
        }
        self.want(conversation, Want::Join, Some(command))?;
        Ok(self.advance(conversation)?)
    }

    /// Until the channel's own title is read, it is called what the list says.
    fn name_from_list(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let Some(known) = self.rows.get::<OpenChannel>(Row::OpenChannel(conversation))? else {
            return Ok(());
        };
        let Some((_, (title, topic))) = known.name(|user| self.may_correct(user)) else {
            return Ok(());
        };
        let state = &mut self.conv_mut(conversation)?.state;
        state.title.get_or_insert_with(|| (0, title.clone()));
        if !topic.is_empty() {
            state.topic.get_or_insert_with(|| (0, topic.clone()));
        }
        self.save_conv(conversation);
        Ok(())
    }

    /// It did not get in: whoever wished it hears so, and there is no trace of a conversation it never saw.
    pub(crate) fn join_failed(&mut self, conversation: Conversation, refused: &Refused) -> Result<(), Refusal> {
        self.session.join_refused.insert(conversation);
        let wishes: Vec<u64> = self
            .conv(conversation)?
            .intents
            .iter()
            .filter(|(_, intent)| intent.want == Want::Join)
            .map(|(sequence, _)| *sequence)
            .collect();
        if wishes.is_empty() {
            return Ok(());
        }
        for sequence in wishes {
            self.finish_intent(conversation, sequence, Err(refused.clone()));
        }
        self.drop_external(conversation);
        if self.conv(conversation)?.state.head.is_none() {
            return self.forget(conversation);
        }
        self.conv_mut(conversation)?.state.membership = Membership::Removed;
        self.save_conv(conversation);
        Ok(())
    }

    /// Whether this device goes into a group by itself: never into an open channel that nobody here asked for.
    pub(crate) fn is_wished(&self, conversation: Conversation, settings: &Settings, is_back: bool) -> bool {
        let conv = self.conversations.get(&conversation);
        let wants = |conv: &crate::conversation::Conv| conv.intents.values().any(|intent| intent.want == Want::Join);
        settings.kind != ConversationKind::Channel
            || is_back
            || conv.is_some_and(|conv| conv.state.head.is_some() || wants(conv))
    }

    pub(crate) fn view_open_channels(&self) -> Result<Value, Refusal> {
        let mut channels = Vec::new();
        for (key, _) in self.rows.with_prefix(b"C") {
            let conversation = Conversation::from_slice(key.get(1..).unwrap_or_default())?;
            let Some(known) = self.rows.get::<OpenChannel>(Row::OpenChannel(conversation))? else {
                continue;
            };
            let Some((by, (title, topic))) = known.name(|user| self.may_correct(user)) else {
                continue;
            };
            let joined = self
                .conversations
                .get(&conversation)
                .is_some_and(|conv| conv.is_member());
            channels.push(map! {"conversation" => conversation, "title" => title.clone(), "topic" => topic.clone(), "by" => by, "joined" => joined});
        }
        let general = self.conversations.get(&self.general()?).filter(|conv| conv.is_member());
        let is_whole = general.is_some_and(|conv| {
            conv.state.spans.len() == 1 && conv.state.spans.first().is_some_and(|span| span.first == 0)
        });
        Ok(map! {"channels" => Value::Array(channels), "is_whole" => is_whole})
    }

    /// Settings and roles of a conversation, for a person to see.
    pub(crate) fn view_settings(&self, settings: &Settings) -> Value {
        let roles = Roles::now(settings, &self.directory);
        let listed: Vec<Value> = settings
            .roles
            .iter()
            .map(|(user, _)| map! {"user" => *user, "role" => roles.of(*user).name()})
            .collect();
        let own = self.me.as_ref().map(|me| roles.of(me.user).name());
        let may_post = self.me.as_ref().is_some_and(|me| roles.may_post(me.user));
        map! {
            "open" => settings.open, "announcement" => settings.announcement, "guests" => settings.guests,
            "moderated" => settings.who_may_add == inmost_public::settings::WhoMayAdd::Moderator,
            "roles" => Value::Array(listed), "role" => own, "may_post" => may_post,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(title: &str) -> Option<(String, String)> {
        Some((title.into(), String::new()))
    }

    #[test]
    fn a_channel_is_called_what_its_opener_or_an_administrator_says_whatever_order_pages_come_in() {
        let [opener, mallory, admin] = [User([1; 32]), User([2; 32]), User([3; 32])];
        let may_correct = |user| user == admin;
        let mut channel = OpenChannel::default();
        assert!(channel.note(30, mallory, name("hers")));
        assert!(channel.note(20, opener, name("renamed")));
        assert!(channel.note(10, opener, name("news")));
        assert_eq!(channel.opener(), Some(opener));
        assert_eq!(channel.name(may_correct).unwrap().1 .0, "renamed");
        assert!(channel.note(40, admin, name("corrected")));
        assert_eq!(channel.name(may_correct).unwrap(), (admin, &name("corrected").unwrap()));
        assert!(channel.note(50, opener, None));
        assert_eq!(channel.name(may_correct), None, "closed");
        for user in 4..=MAX_WHO_NAMED as u8 {
            channel.note(60, User([user; 32]), name("noise"));
        }
        assert!(!channel.note(61, User([0xff; 32]), name("one too many")));
    }
}
