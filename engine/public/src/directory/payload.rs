//! What directory entries say, one variant for each kind (docs/protocol/directory.md, "Kinds").

use super::change::Change;
use crate::cbor::Item;
use crate::ids::{Invitation, User};
use crate::limits::{MAX_ACCOUNT_CHARS, MAX_NAME_CHARS};
use crate::refusal::Refusal;

/// A role in the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Owner,
    Administrator,
    Member,
    Guest,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Owner, Role::Administrator, Role::Member, Role::Guest];

    pub fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Administrator => "administrator",
            Role::Member => "member",
            Role::Guest => "guest",
        }
    }

    pub fn from_name(name: &str) -> Result<Self, Refusal> {
        Role::ALL.into_iter().find(|role| role.name() == name).ok_or(Refusal::Malformed)
    }
}

/// A claim of an invitation: a new user's first entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub invitation: Invitation,
    /// None in the owner's, entry 0.
    pub inviter: Option<User>,
    pub account: String,
    pub is_bot: bool,
    /// An `add`; for persons a `set_recovery` after it.
    pub changes: Vec<Change>,
    pub name: String,
    pub nonce: [u8; 16],
}

/// An invitation: who may claim it, as what, until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    pub invitation: Invitation,
    pub seed_public: [u8; 32],
    pub role: Role,
    pub account: String,
    pub is_bot: bool,
    pub expires_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    Claim(Claim),
    Chain { user: User, k: u64, prev: [u8; 32], change: Change },
    Profile { name: String },
    Invite(Invite),
    Withdraw { invitation: Invitation },
    Role { user: User, role: Role },
    Suspend { user: User, suspended: bool },
    Vault { version: u64, hash: [u8; 32] },
    ServerKey { sig_public: [u8; 32] },
    Policy { version: u64, idle_ms: Option<u64>, strict_recovery: bool },
}

impl Payload {
    pub fn kind(&self) -> &'static str {
        match self {
            Payload::Claim(_) => "claim",
            Payload::Chain { .. } => "chain",
            Payload::Profile { .. } => "profile",
            Payload::Invite(_) => "invite",
            Payload::Withdraw { .. } => "withdraw",
            Payload::Role { .. } => "role",
            Payload::Suspend { .. } => "suspend",
            Payload::Vault { .. } => "vault",
            Payload::ServerKey { .. } => "server_key",
            Payload::Policy { .. } => "policy",
        }
    }

    pub fn to_item(&self) -> Item {
        match self {
            Payload::Claim(claim) => {
                let changes = claim.changes.iter().map(Change::to_item).collect::<Vec<_>>();
                let Claim { invitation, inviter, account, is_bot, name, nonce, .. } = claim;
                crate::cbor![invitation, *inviter, account, *is_bot, changes, name, nonce]
            }
            Payload::Chain { user, k, prev, change } => crate::cbor![user, *k, prev, change.to_item()],
            Payload::Profile { name } => crate::cbor![name],
            Payload::Invite(invite) => crate::cbor![
                invite.invitation,
                invite.seed_public,
                invite.role.name(),
                &invite.account,
                invite.is_bot,
                invite.expires_ms
            ],
            Payload::Withdraw { invitation } => crate::cbor![invitation],
            Payload::Role { user, role } => crate::cbor![user, role.name()],
            Payload::Suspend { user, suspended } => crate::cbor![user, *suspended],
            Payload::Vault { version, hash } => crate::cbor![*version, hash],
            Payload::ServerKey { sig_public } => crate::cbor![sig_public],
            Payload::Policy { version, idle_ms, strict_recovery } => {
                crate::cbor![*version, *idle_ms, *strict_recovery]
            }
        }
    }

    pub fn from_item(kind: &str, item: &Item) -> Result<Self, Refusal> {
        Ok(match (kind, item.list()?) {
            ("claim", [invitation, inviter, account, is_bot, changes, name, nonce]) => Payload::Claim(Claim {
                invitation: Invitation::from_item(invitation)?,
                inviter: inviter.or_null(User::from_item)?,
                account: valid_account(account)?,
                is_bot: is_bot.bool()?,
                changes: changes.list()?.iter().map(Change::from_item).collect::<Result<_, _>>()?,
                name: valid_name(name)?,
                nonce: nonce.fixed()?,
            }),
            ("chain", [user, k, prev, change]) => Payload::Chain {
                user: User::from_item(user)?,
                k: k.uint()?,
                prev: prev.fixed()?,
                change: Change::from_item(change)?,
            },
            ("profile", [name]) => Payload::Profile { name: valid_name(name)? },
            ("invite", [invitation, seed_public, role, account, is_bot, expires_ms]) => Payload::Invite(Invite {
                invitation: Invitation::from_item(invitation)?,
                seed_public: seed_public.fixed()?,
                role: Role::from_name(role.text()?)?,
                account: valid_account(account)?,
                is_bot: is_bot.bool()?,
                expires_ms: expires_ms.uint()?,
            }),
            ("withdraw", [invitation]) => Payload::Withdraw { invitation: Invitation::from_item(invitation)? },
            ("role", [user, role]) => {
                Payload::Role { user: User::from_item(user)?, role: Role::from_name(role.text()?)? }
            }
            ("suspend", [user, suspended]) => {
                Payload::Suspend { user: User::from_item(user)?, suspended: suspended.bool()? }
            }
            ("vault", [version, hash]) => Payload::Vault { version: version.uint()?, hash: hash.fixed()? },
            ("server_key", [sig_public]) => Payload::ServerKey { sig_public: sig_public.fixed()? },
            ("policy", [version, idle_ms, strict]) => Payload::Policy {
                version: version.uint()?,
                idle_ms: idle_ms.or_null(Item::uint)?,
                strict_recovery: strict.bool()?,
            },
            _ => return Err(Refusal::Malformed),
        })
    }
}

/// A display name: 1..MAX_NAME_CHARS characters, no control characters.
fn valid_name(item: &Item) -> Result<String, Refusal> {
    let name = item.text()?;
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(Refusal::Malformed);
    }
    Ok(name.to_owned())
}

/// An account name: 1..MAX_ACCOUNT_CHARS characters, neither control characters nor white space.
fn valid_account(item: &Item) -> Result<String, Refusal> {
    let account = item.text()?;
    let refused = |c: char| c.is_control() || c.is_whitespace();
    if account.is_empty() || account.chars().count() > MAX_ACCOUNT_CHARS || account.chars().any(refused) {
        return Err(Refusal::Malformed);
    }
    Ok(account.to_owned())
}
