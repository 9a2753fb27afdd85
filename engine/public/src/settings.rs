//! A conversation's settings, the one group-context extension of ours (0xF0A1), and the other extensions a group has.

use openmls::prelude::{
    BasicCredential, CredentialType, Extension, ExtensionType, Extensions, ExternalSender, GroupContext, ProposalType,
    RequiredCapabilitiesExtension, UnknownExtension,
};

use crate::cbor::{self, Item};
use crate::credential::SETTINGS_EXTENSION;
use crate::ids::{Org, User};
use crate::refusal::Refusal;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationKind {
    Direct,
    Group,
    Channel,
    General,
    Personal,
}

impl ConversationKind {
    pub const ALL: [ConversationKind; 5] = [
        ConversationKind::Direct,
        ConversationKind::Group,
        ConversationKind::Channel,
        ConversationKind::General,
        ConversationKind::Personal,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ConversationKind::Direct => "direct",
            ConversationKind::Group => "group",
            ConversationKind::Channel => "channel",
            ConversationKind::General => "general",
            ConversationKind::Personal => "personal",
        }
    }

    pub fn from_name(name: &str) -> Result<Self, Refusal> {
        ConversationKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(Refusal::Malformed)
    }
}

/// A role in one conversation. Who is not listed is a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationRole {
    Owner,
    Moderator,
    Member,
    Guest,
}

impl ConversationRole {
    pub const ALL: [ConversationRole; 4] =
        [ConversationRole::Owner, ConversationRole::Moderator, ConversationRole::Member, ConversationRole::Guest];

    pub fn name(self) -> &'static str {
        match self {
            ConversationRole::Owner => "owner",
            ConversationRole::Moderator => "moderator",
            ConversationRole::Member => "member",
            ConversationRole::Guest => "guest",
        }
    }

    pub fn from_name(name: &str) -> Result<Self, Refusal> {
        ConversationRole::ALL.into_iter().find(|role| role.name() == name).ok_or(Refusal::Malformed)
    }

    /// Owners and moderators remove people and change settings.
    pub fn is_moderating(self) -> bool {
        matches!(self, ConversationRole::Owner | ConversationRole::Moderator)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoMayAdd {
    Member,
    Moderator,
}

/// `CBOR[version, kind, roles, who_may_add, retention_ms, archive_keys, guests, open, announcement, not_kept, away]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub version: u64,
    pub kind: ConversationKind,
    /// Sorted by user, each once.
    pub roles: Vec<(User, ConversationRole)>,
    pub who_may_add: WhoMayAdd,
    /// None: for ever.
    pub retention_ms: Option<u64>,
    pub guests: bool,
    pub open: bool,
    pub announcement: bool,
    pub not_kept: bool,
    /// People who lost their last device and may come back; sorted, each once.
    pub away: Vec<User>,
}

impl Settings {
    /// A conversation of this kind as its creator begins it.
    pub fn new(kind: ConversationKind, creator: User) -> Self {
        let roles = match kind {
            ConversationKind::Direct | ConversationKind::Personal => vec![],
            _ => vec![(creator, ConversationRole::Owner)],
        };
        Settings {
            version: 1,
            kind,
            roles,
            who_may_add: WhoMayAdd::Member,
            retention_ms: None,
            guests: false,
            open: kind == ConversationKind::General,
            announcement: false,
            not_kept: false,
            away: vec![],
        }
    }

    pub fn role(&self, user: User) -> ConversationRole {
        let listed = self.roles.iter().find(|(known, _)| *known == user);
        listed.map_or(ConversationRole::Member, |(_, role)| *role)
    }

    /// Somebody is listed as its owner.
    pub fn is_owned(&self) -> bool {
        self.roles.iter().any(|(_, role)| *role == ConversationRole::Owner)
    }

    /// The general channel is open and everybody speaks there; of the others only a channel may be open or for announcements.
    pub fn is_for_its_kind(&self) -> bool {
        match self.kind {
            ConversationKind::Channel => true,
            ConversationKind::General => !self.announcement,
            _ => !self.open && !self.announcement,
        }
    }

    pub fn changes_only_roles(&self, before: &Settings) -> bool {
        *self
            == Settings { version: self.version, roles: self.roles.clone(), away: self.away.clone(), ..before.clone() }
    }

    pub fn is_away(&self, user: User) -> bool {
        self.away.contains(&user)
    }

    pub fn encode(&self) -> Vec<u8> {
        let roles: Vec<Item> = self.roles.iter().map(|(user, role)| crate::cbor![user, role.name()]).collect();
        let away: Vec<Item> = self.away.iter().map(Item::from).collect();
        let who_may_add = match self.who_may_add {
            WhoMayAdd::Member => "member",
            WhoMayAdd::Moderator => "moderator",
        };
        cbor::encode(&crate::cbor![
            self.version,
            self.kind.name(),
            roles,
            who_may_add,
            self.retention_ms,
            Item::Array(vec![]),
            self.guests,
            self.open,
            self.announcement,
            self.not_kept,
            away
        ])
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(bytes)?;
        let [version, kind, roles, who, retention, archive_keys, guests, open, announcement, not_kept, away] =
            item.array()?;
        let role = |item: &Item| {
            let [user, role] = item.array()?;
            Ok((User::from_item(user)?, ConversationRole::from_name(role.text()?)?))
        };
        let settings = Settings {
            version: version.uint()?,
            kind: ConversationKind::from_name(kind.text()?)?,
            roles: roles.list()?.iter().map(role).collect::<Result<_, Refusal>>()?,
            who_may_add: match who.text()? {
                "member" => WhoMayAdd::Member,
                "moderator" => WhoMayAdd::Moderator,
                _ => return Err(Refusal::Malformed),
            },
            retention_ms: retention.or_null(Item::uint)?,
            guests: guests.bool()?,
            open: open.bool()?,
            announcement: announcement.bool()?,
            not_kept: not_kept.bool()?,
            away: away.list()?.iter().map(User::from_item).collect::<Result<_, _>>()?,
        };
        // Archive keys come with the archives; until then a group that has some is not one of this version.
        if archive_keys.list()?.is_empty() && settings.is_consistent() {
            Ok(settings)
        } else {
            Err(Refusal::Malformed)
        }
    }

    /// Sorted lists, and what each kind fixes.
    pub fn is_consistent(&self) -> bool {
        let sorted = self.roles.is_sorted_by(|a, b| a.0 < b.0) && self.away.is_sorted_by(|a, b| a < b);
        sorted
            && match self.kind {
                ConversationKind::General => self.open && !self.guests,
                ConversationKind::Personal => {
                    !self.open && !self.guests && self.roles.is_empty() && self.away.is_empty()
                }
                ConversationKind::Direct => !self.open && self.roles.is_empty(),
                ConversationKind::Group | ConversationKind::Channel => true,
            }
    }

    pub fn extension(&self) -> Extension {
        Extension::Unknown(SETTINGS_EXTENSION, UnknownExtension(self.encode()))
    }

    /// From a group's context. Refuses with Malformed.
    pub fn of(extensions: &Extensions<GroupContext>) -> Result<Self, Refusal> {
        let extension = extensions.unknown(SETTINGS_EXTENSION).ok_or(Refusal::Malformed)?;
        Settings::decode(&extension.0)
    }
}

/// The identity in the credential of the group's external sender: `CBOR["inmost/1 server", org]`.
pub fn server_identity(org: Org) -> Vec<u8> {
    cbor::encode(&crate::cbor!["inmost/1 server", org])
}

/// The server as a group's external sender.
pub fn external_sender(org: Org, server_key: [u8; 32]) -> ExternalSender {
    ExternalSender::new(server_key.to_vec().into(), BasicCredential::new(server_identity(org)).into())
}

/// All extensions a group of version 1 has, in this order: required capabilities, external senders, settings.
pub fn group_extensions(
    settings: &Settings,
    org: Org,
    server_key: Option<[u8; 32]>,
) -> Result<Extensions<GroupContext>, Refusal> {
    let mut extensions = vec![Extension::RequiredCapabilities(RequiredCapabilitiesExtension::new(
        &[ExtensionType::Unknown(SETTINGS_EXTENSION)],
        &[ProposalType::SelfRemove],
        &[CredentialType::Basic],
    ))];
    if let Some(key) = server_key {
        let credential = BasicCredential::new(server_identity(org)).into();
        extensions.push(Extension::ExternalSenders(vec![ExternalSender::new(key.to_vec().into(), credential)]));
    }
    extensions.push(settings.extension());
    Extensions::from_vec(extensions).map_err(|_| Refusal::Malformed)
}

/// The extensions of the next epoch: the same with other settings.
pub fn with_settings(
    extensions: &Extensions<GroupContext>,
    settings: &Settings,
) -> Result<Extensions<GroupContext>, Refusal> {
    let mut next = extensions.clone();
    next.add_or_replace(settings.extension()).map_err(|_| Refusal::Malformed)?;
    Ok(next)
}

/// Everything but the settings, to compare. Order does not matter to MLS's meaning.
pub fn frozen(extensions: &Extensions<GroupContext>) -> Extensions<GroupContext> {
    let mut frozen = extensions.clone();
    frozen.remove(ExtensionType::Unknown(SETTINGS_EXTENSION));
    frozen
}
