//! What a role in a conversation allows: one answer for `commit_allowed`, for the server's posts and for what members show.
//!
//! The settings list the roles of a conversation; the directory says what its people are in the organisation. Both
//! together decide, by the directory as it was just after some entry, so that a demotion there counts here as well.

use crate::credential::Leaf;
use crate::directory::{Directory, Level, Role};
use crate::ids::User;
use crate::settings::{ConversationKind, ConversationRole, Settings, WhoMayAdd};

/// The roles of one conversation.
#[derive(Clone, Copy)]
pub struct Roles<'a> {
    settings: &'a Settings,
    directory: &'a Directory,
    at: u64,
}

impl<'a> Roles<'a> {
    /// By the directory as it was just after entry `at`.
    pub fn at(settings: &'a Settings, directory: &'a Directory, at: u64) -> Self {
        Roles { settings, directory, at }
    }

    /// By the directory as it is.
    pub fn now(settings: &'a Settings, directory: &'a Directory) -> Self {
        Roles::at(settings, directory, u64::MAX)
    }

    /// A guest of the organisation is a guest everywhere, whatever the settings list; in the general channel the
    /// organisation's roles are the roles; in direct and personal conversations there are none.
    pub fn of(&self, user: User) -> ConversationRole {
        match (self.in_organisation(user), self.settings.kind) {
            (Role::Guest, _) => ConversationRole::Guest,
            (_, ConversationKind::Direct | ConversationKind::Personal) => ConversationRole::Member,
            (Role::Owner, ConversationKind::General) => ConversationRole::Owner,
            (Role::Administrator, ConversationKind::General) => ConversationRole::Moderator,
            (Role::Member, ConversationKind::General) => ConversationRole::Member,
            (_, ConversationKind::Group | ConversationKind::Channel) => self.settings.role(user),
        }
    }

    /// Who is not known is a guest: nothing is allowed because the directory was not there yet.
    pub fn in_organisation(&self, user: User) -> Role {
        self.directory.user(user).map_or(Role::Guest, |state| state.role_at(self.at))
    }

    pub fn is_guest(&self, user: User) -> bool {
        self.in_organisation(user) == Role::Guest
    }

    /// To bring somebody in, and to say what the conversation is called.
    pub fn may_add(&self, user: User) -> bool {
        let role = self.of(user);
        match self.settings.who_may_add {
            WhoMayAdd::Member => role != ConversationRole::Guest,
            WhoMayAdd::Moderator => role.is_moderating(),
        }
    }

    /// Title, topic and pins: whoever may add, and may say anything here at all.
    pub fn may_name(&self, user: User) -> bool {
        self.may_add(user) && self.may_post(user)
    }

    /// Messages of any content. Read positions and typing are everybody's.
    pub fn may_post(&self, user: User) -> bool {
        !self.is_out_of_place(user) && (!self.settings.announcement || self.of(user).is_moderating())
    }

    /// Owners remove anybody, moderators whoever is not an owner; nobody removes from a conversation of two.
    pub fn may_remove(&self, user: User, other: User) -> bool {
        match (self.settings.kind, self.of(user)) {
            (ConversationKind::Direct, _) => false,
            (_, ConversationRole::Owner) => true,
            (_, ConversationRole::Moderator) => self.of(other) != ConversationRole::Owner,
            (_, ConversationRole::Member | ConversationRole::Guest) => false,
        }
    }

    /// To come in without being asked: the settings say open, and the identity is vouched by link or in person.
    pub fn may_join(&self, user: User) -> bool {
        let is_vouched = |level| matches!(level, Level::Owner | Level::Link);
        self.settings.open
            && !self.is_guest(user)
            && self
                .directory
                .user(user)
                .is_some_and(|state| is_vouched(state.level()) && !state.is_suspended_at(self.at))
    }

    /// A guest where the settings admit none: a member that the organisation has made a guest. Their leaves go.
    pub fn is_out_of_place(&self, user: User) -> bool {
        let has_roles = !matches!(self.settings.kind, ConversationKind::Direct | ConversationKind::Personal);
        has_roles && !self.settings.guests && self.is_guest(user)
    }

    /// Whether a leaf has to go before anything more is said: the directory ended its device, or its person is out of place.
    pub fn must_go(&self, leaf: &Leaf) -> bool {
        !self.directory.is_active_at(leaf.identity.device, self.at) || self.is_out_of_place(leaf.identity.user)
    }
}
