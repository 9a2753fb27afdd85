//! What a person changes of a conversation's settings: who may do what, and whether it is open or for announcements.

use inmost_public::ids::{Conversation, User};
use inmost_public::settings::{ConversationRole, Settings, WhoMayAdd};
use inmost_public::Refusal;
use serde::{Deserialize, Serialize};

use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::pack::Value;
use crate::refused::Refused;

use super::commit::Plan;
use super::membership::Want;
use super::Membership;

/// What shall be otherwise; None: as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsChange {
    pub open: Option<bool>,
    pub announcement: Option<bool>,
    pub guests: Option<bool>,
    /// Only owners and moderators add people and name the conversation.
    pub moderated: Option<bool>,
    /// Roles by name.
    pub roles: Vec<(User, String)>,
}

impl SettingsChange {
    fn of(arguments: &Value) -> Result<Self, Refusal> {
        Ok(SettingsChange {
            open: arguments.field("open")?,
            announcement: arguments.field("announcement")?,
            guests: arguments.field("guests")?,
            moderated: arguments.field("moderated")?,
            roles: vec![],
        })
    }

    /// The settings of the next version. Who is a member is not listed.
    pub fn applied(&self, before: &Settings) -> Result<Settings, Refusal> {
        let mut after = Settings {
            version: before.version + 1,
            ..before.clone()
        };
        after.open = self.open.unwrap_or(before.open);
        after.announcement = self.announcement.unwrap_or(before.announcement);
        after.guests = self.guests.unwrap_or(before.guests);
        after.who_may_add = match self.moderated {
            Some(true) => WhoMayAdd::Moderator,
            Some(false) => WhoMayAdd::Member,
            None => before.who_may_add,
        };
        for (user, role) in &self.roles {
            after.roles.retain(|(listed, _)| listed != user);
            match ConversationRole::from_name(role)? {
                ConversationRole::Member => {}
                role => after.roles.push((*user, role)),
            }
        }
        after.roles.sort_by_key(|(user, _)| *user);
        Ok(after)
    }
}

impl Machine {
    /// The commands `set_settings` and `set_conversation_role`.
    pub(crate) fn change_settings(&mut self, command: CommandId, name: &str, arguments: &Value) -> Result<(), Refused> {
        let conversation: Conversation = arguments.field("conversation")?;
        let change = if name == "set_settings" {
            SettingsChange::of(arguments)?
        } else {
            let (user, role): (User, String) = (arguments.field("user")?, arguments.field("role")?);
            self.directory.user(user).ok_or(Refusal::Unknown)?;
            ConversationRole::from_name(&role)?;
            SettingsChange {
                roles: vec![(user, role)],
                ..SettingsChange::default()
            }
        };
        if !matches!(
            self.conv(conversation)?.state.membership,
            Membership::Member | Membership::Creating
        ) {
            return Err(Refusal::NotAMember.into());
        }
        if !self.session.is_connected() {
            return Err(Refused::offline());
        }
        self.want(conversation, Want::Settings(change), Some(command))?;
        Ok(self.advance(conversation)?)
    }

    pub(crate) fn work_on_settings(
        &mut self,
        conversation: Conversation,
        sequence: u64,
        change: &SettingsChange,
    ) -> Result<(), Refusal> {
        let before = self.group_view(conversation)?.settings;
        let after = change.applied(&before)?;
        if (Settings {
            version: before.version,
            ..after.clone()
        }) == before
        {
            self.finish_intent(conversation, sequence, Ok(map! {"conversation" => conversation}));
            return Ok(()); // it is so already
        }
        let plan = Plan {
            settings: Some(after),
            needs_path: true,
            intents: vec![sequence],
            ..Plan::default()
        };
        self.make_commit(conversation, plan)
    }
}
