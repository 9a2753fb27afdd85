//! Typing and presence: sealed like messages, relayed to who is connected, stored by nobody, over by themselves.

use std::collections::BTreeMap;

use inmost_public::ids::{general_conversation, Conversation, Device, Message, User};
use inmost_public::limits::CLOCK_SKEW_MS;
use inmost_public::Refusal;

use crate::content::{Content, Kind};
use crate::frames;
use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::message::Opened;
use crate::pack::Value;
use crate::refused::Refused;
use crate::session::{Asked, Wake};

/// However often a host says that somebody types, the others hear of it once in this time.
pub const TYPING_EVERY_MS: u64 = 4_000;
/// Typing not heard of again for this long is over.
pub const TYPING_SHOWN_MS: u64 = 10_000;
pub const PRESENCE_EVERY_MS: u64 = 60_000;
pub const PRESENCE_SHOWN_MS: u64 = 150_000;
/// Each presence goes to every device of the general channel; in a larger one nobody says it.
pub const PRESENCE_MOST_DEVICES: u64 = 256;

struct Typing {
    user: User,
    until_ms: u64,
}

struct Present {
    user: User,
    active: bool,
    until_ms: u64,
}

/// What is known of others this minute, and what this device said; in memory only.
#[derive(Default)]
pub struct Signals {
    typing: BTreeMap<(Conversation, Device), Typing>,
    present: BTreeMap<Device, Present>,
    /// The author's time and the id of the newest signal taken: the server repeats neither it nor an older one.
    newest: BTreeMap<(Conversation, Device), (u64, Message)>,
    own_typing_ms: BTreeMap<Conversation, u64>,
    own_presence: Option<bool>,
}

impl Signals {
    /// When the next of them is over.
    pub fn next_end_ms(&self) -> Option<u64> {
        let typing = self.typing.values().map(|typing| typing.until_ms);
        typing
            .chain(self.present.values().map(|present| present.until_ms))
            .min()
    }

    pub fn typing_in(&self, conversation: Conversation) -> Vec<User> {
        let here = self.typing.iter().filter(|((place, _), _)| *place == conversation);
        let mut users: Vec<User> = here.map(|(_, typing)| typing.user).collect();
        users.sort();
        users.dedup();
        users
    }

    /// Active on any device, left alone on all that say something, or nothing known.
    pub fn presence_of(&self, user: User) -> Option<&'static str> {
        let devices = self.present.values().filter(|present| present.user == user);
        devices
            .map(|present| if present.active { "active" } else { "idle" })
            .min()
    }
}

impl Machine {
    /// The command `signal`: somebody types, or stopped.
    pub(crate) fn signal(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        let (conversation, on): (Conversation, bool) = (arguments.field("conversation")?, arguments.field("typing")?);
        if !self.session.is_connected() {
            return Err(Refused::offline());
        }
        let said_ms = self.signals.own_typing_ms.get(&conversation).copied();
        let is_news = if on {
            said_ms.is_none_or(|at| at + TYPING_EVERY_MS <= self.now)
        } else {
            said_ms.is_some_and(|at| at + TYPING_SHOWN_MS > self.now)
        };
        if is_news {
            self.say_aside(conversation, &Content::Typing { on })?;
            if on {
                self.signals.own_typing_ms.insert(conversation, self.now);
            } else {
                self.signals.own_typing_ms.remove(&conversation);
            }
        }
        self.done(command, map! {});
        Ok(())
    }

    /// The command `presence`: said again every minute until it is taken back or the engine ends.
    pub(crate) fn presence(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        self.signals.own_presence = arguments.field("active")?;
        self.session.wakes.remove(&Wake::Presence);
        self.say_presence()?;
        self.done(command, map! {});
        Ok(())
    }

    /// In the general channel, where everybody is but guests: they neither see presence nor show it.
    pub(crate) fn say_presence(&mut self) -> Result<(), Refusal> {
        let Some(active) = self.signals.own_presence else {
            return Ok(());
        };
        if !self.session.is_live() {
            return Ok(());
        }
        let general = general_conversation(self.me()?.org);
        let at = self.now + PRESENCE_EVERY_MS;
        self.session.wake(Wake::Presence, at);
        let is_small_enough = self
            .conversations
            .get(&general)
            .is_some_and(|conv| conv.is_member() && conv.state.devices <= PRESENCE_MOST_DEVICES);
        if is_small_enough {
            // What cannot be sealed now, such as while a removal is pending, is said in a minute.
            let _ = self.say_aside(general, &Content::Presence { active });
        }
        Ok(())
    }

    fn say_aside(&mut self, conversation: Conversation, content: &Content) -> Result<(), Refusal> {
        let sealed = self.seal_aside(conversation, content)?;
        self.ask(Asked::Signal, |id| {
            frames::Signal {
                id,
                conversation,
                sealed,
            }
            .into()
        });
        Ok(())
    }

    /// Somebody's signal. What does not open, is old, or comes from who is not in the conversation now, is nothing.
    pub(crate) fn signalled(
        &mut self,
        conversation: Conversation,
        device: Device,
        sealed: &[u8],
    ) -> Result<(), Refusal> {
        if !self.is_in_now(conversation, device)? {
            return Ok(());
        }
        let Ok(Opened {
            header,
            content,
            time_ms,
            ..
        }) = self.open_aside(conversation, device, Kind::Ephemeral, sealed)
        else {
            return Ok(());
        };
        let newest = self.signals.newest.get(&(conversation, device));
        let is_repeated = newest.is_some_and(|(newest_ms, id)| time_ms < *newest_ms || header.id == *id);
        let Some(user) = self.directory.device(device).map(|state| state.user) else {
            return Ok(());
        };
        if is_repeated || time_ms.abs_diff(self.now) > CLOCK_SKEW_MS || user == self.me()?.user {
            return Ok(());
        }
        self.signals.newest.insert((conversation, device), (time_ms, header.id));
        match content {
            Content::Typing { on: true } => {
                let until_ms = self.now + TYPING_SHOWN_MS;
                let before = self
                    .signals
                    .typing
                    .insert((conversation, device), Typing { user, until_ms });
                if before.is_none() {
                    self.show_typing(conversation, user, true);
                }
            }
            Content::Typing { on: false } => self.stop_typing(conversation, device),
            Content::Presence { active } if conversation == general_conversation(self.me()?.org) => {
                let before = self.signals.presence_of(user);
                let until_ms = self.now + PRESENCE_SHOWN_MS;
                self.signals.present.insert(device, Present { user, active, until_ms });
                self.show_presence(user, before);
            }
            _ => {}
        }
        Ok(())
    }

    /// What somebody typed is there, or they stopped.
    pub(crate) fn stop_typing(&mut self, conversation: Conversation, device: Device) {
        if let Some(typing) = self.signals.typing.remove(&(conversation, device)) {
            self.show_typing(conversation, typing.user, false);
        }
    }

    /// A leaf in the present epoch, of a device that the directory has not shut out.
    pub(crate) fn is_in_now(&mut self, conversation: Conversation, device: Device) -> Result<bool, Refusal> {
        if self
            .conversations
            .get(&conversation)
            .is_none_or(|conv| !conv.is_member())
        {
            return Ok(false);
        }
        self.rosters(conversation)?;
        let conv = self.conv(conversation)?;
        let has_leaf = conv
            .rosters
            .as_ref()
            .and_then(|rosters| rosters.has(conv.state.epoch, device));
        Ok(has_leaf == Some(true) && self.directory.is_active(device))
    }

    /// What was not heard of again is over.
    pub(crate) fn end_signals(&mut self) {
        let now = self.now;
        let silent: Vec<(Conversation, Device)> = self
            .signals
            .typing
            .iter()
            .filter(|(_, typing)| typing.until_ms <= now)
            .map(|(place, _)| *place)
            .collect();
        for (conversation, device) in silent {
            self.stop_typing(conversation, device);
        }
        let gone: Vec<Device> = self
            .signals
            .present
            .iter()
            .filter(|(_, present)| present.until_ms <= now)
            .map(|(device, _)| *device)
            .collect();
        for device in gone {
            let Some(user) = self.signals.present.get(&device).map(|present| present.user) else {
                continue;
            };
            let before = self.signals.presence_of(user);
            self.signals.present.remove(&device);
            self.show_presence(user, before);
        }
        // Older ones are refused by their time alone.
        self.signals
            .newest
            .retain(|_, (time_ms, _)| *time_ms + CLOCK_SKEW_MS >= now);
    }

    fn show_typing(&mut self, conversation: Conversation, user: User, on: bool) {
        self.out.event(
            "typing",
            map! {"conversation" => conversation, "user" => user, "typing" => on},
        );
    }

    fn show_presence(&mut self, user: User, before: Option<&'static str>) {
        let presence = self.signals.presence_of(user);
        if presence != before {
            self.out
                .event("presence", map! {"user" => user, "presence" => presence});
        }
    }
}
