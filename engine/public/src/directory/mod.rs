//! The directory: who is who in an organisation, as one append-only log that everybody verifies (docs/protocol/directory.md).

mod apply;
mod change;
mod danger;
mod entry;
mod payload;
mod rules;
mod snapshot;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

pub use apply::Applied;
pub use change::{chain_next, user_id, Change, XWING_PUBLIC_BYTES};
pub use entry::{Draft, Entry, KeyId};
pub use payload::{Claim, Invite, Payload, Role};

use crate::ids::{recovery_id, Device, Head, Invitation, Org, User};

/// A recovery key's public halves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    pub sign_public: [u8; 32],
    pub xwing_public: Vec<u8>,
}

impl Recovery {
    pub fn key_id(&self) -> KeyId {
        recovery_id(&self.sign_public)
    }
}

/// A passkey that is a paper device: it may sign chain entries and open the vault, like the recovery key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Which passkey: ids::passkey_id of its credential id.
    pub of: [u8; 16],
    pub keys: Recovery,
}

/// How far a user's identity is vouched for, as everybody computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Entry 0: everybody's trust root.
    Owner,
    /// The claim is signed by the seed of an invitation.
    Link,
}

/// A user as the directory knows it. What can change back is kept with the entry number since when it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserState {
    pub account: String,
    pub is_bot: bool,
    pub name: String,
    pub invitation: Invitation,
    pub inviter: Option<User>,
    pub claimed_n: u64,
    pub chain_k: u64,
    pub chain_head: [u8; 32],
    /// (since entry n, role); never empty.
    pub roles: Vec<(u64, Role)>,
    /// (since entry n, suspended or not); empty = never was.
    pub suspensions: Vec<(u64, bool)>,
    pub recovery: Option<Recovery>,
    /// Oldest first; at most MAX_PASSKEY_PAPERS.
    pub papers: Vec<Paper>,
    /// (version, hash) of the vault.
    pub vault: Option<(u64, [u8; 32])>,
}

impl UserState {
    pub fn role(&self) -> Role {
        self.role_at(u64::MAX)
    }

    pub fn role_at(&self, n: u64) -> Role {
        self.roles
            .iter()
            .rev()
            .find(|(since, _)| *since <= n)
            .or(self.roles.first())
            .map_or(Role::Guest, |(_, role)| *role)
    }

    pub fn is_suspended(&self) -> bool {
        self.is_suspended_at(u64::MAX)
    }

    pub fn is_suspended_at(&self, n: u64) -> bool {
        self.suspensions.iter().rev().find(|(since, _)| *since <= n).is_some_and(|(_, suspended)| *suspended)
    }

    /// The entry that suspended the user, while it is suspended.
    pub fn suspended_n(&self) -> Option<u64> {
        self.suspensions.last().filter(|(_, suspended)| *suspended).map(|(n, _)| *n)
    }

    /// The keys of every paper device valid now: the recovery key's and the passkeys'.
    pub fn paper_keys(&self) -> impl Iterator<Item = &Recovery> {
        self.recovery.iter().chain(self.papers.iter().map(|paper| &paper.keys))
    }

    /// The passkey's paper device with this key id.
    pub fn paper(&self, id: KeyId) -> Option<&Paper> {
        self.papers.iter().find(|paper| paper.keys.key_id() == id)
    }

    pub fn level(&self) -> Level {
        if self.inviter.is_none() {
            Level::Owner
        } else {
            Level::Link
        }
    }
}

/// A device as the directory knows it; a revoked one stays, for what it signed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceState {
    pub user: User,
    /// The k of its add.
    pub position: u64,
    pub sig_public: [u8; 32],
    pub auth_public: [u8; 32],
    pub added_n: u64,
    pub revoked_n: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationState {
    pub inviter: User,
    pub invite: Invite,
    pub n: u64,
    pub withdrawn: bool,
    pub claimed_by: Vec<User>,
}

impl InvitationState {
    /// Neither claimed nor withdrawn. Whether its time has passed is the reader's to compare.
    pub fn is_open(&self) -> bool {
        !self.withdrawn && self.claimed_by.is_empty()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub version: u64,
    pub idle_ms: Option<u64>,
    pub strict_recovery: bool,
}

/// The state after all entries so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    org: Org,
    owner_seed: Option<[u8; 32]>,
    hashes: Vec<[u8; 32]>,
    time_ms: u64,
    users: BTreeMap<User, UserState>,
    devices: BTreeMap<Device, DeviceState>,
    invitations: BTreeMap<Invitation, InvitationState>,
    server_keys: Vec<(u64, [u8; 32])>,
    policy: Option<Policy>,
}

impl Directory {
    pub fn new(org: Org) -> Self {
        Directory {
            org,
            owner_seed: None,
            hashes: Vec::new(),
            time_ms: 0,
            users: BTreeMap::new(),
            devices: BTreeMap::new(),
            invitations: BTreeMap::new(),
            server_keys: Vec::new(),
            policy: None,
        }
    }

    /// As the server begins: only a claim signed by this seed key may be entry 0.
    pub fn for_owner(org: Org, owner_seed_public: [u8; 32]) -> Self {
        Directory { owner_seed: Some(owner_seed_public), ..Directory::new(org) }
    }

    pub fn org(&self) -> Org {
        self.org
    }

    /// The number the next entry gets.
    pub fn next_n(&self) -> u64 {
        self.hashes.len() as u64
    }

    pub fn head(&self) -> Option<Head> {
        let hash = *self.hashes.last()?;
        Some(Head { n: self.next_n() - 1, hash })
    }

    pub fn hash_at(&self, n: u64) -> Option<[u8; 32]> {
        self.hashes.get(usize::try_from(n).ok()?).copied()
    }

    /// The time of the newest entry; the next one is not earlier.
    pub fn time_ms(&self) -> u64 {
        self.time_ms
    }

    /// By user id.
    pub fn users(&self) -> impl Iterator<Item = (User, &UserState)> {
        self.users.iter().map(|(user, state)| (*user, state))
    }

    pub fn user(&self, user: User) -> Option<&UserState> {
        self.users.get(&user)
    }

    /// The first user that claimed this account.
    pub fn user_by_account(&self, account: &str) -> Option<(User, &UserState)> {
        self.users().filter(|(_, state)| state.account == account).min_by_key(|(_, state)| state.claimed_n)
    }

    pub fn device(&self, device: Device) -> Option<&DeviceState> {
        self.devices.get(&device)
    }

    pub fn devices(&self) -> impl Iterator<Item = (Device, &DeviceState)> {
        self.devices.iter().map(|(device, state)| (*device, state))
    }

    /// All devices of a user, revoked ones too, by chain position.
    pub fn devices_of(&self, user: User) -> Vec<(Device, &DeviceState)> {
        let mut devices: Vec<_> = self.devices().filter(|(_, state)| state.user == user).collect();
        devices.sort_by_key(|(_, state)| state.position);
        devices
    }

    pub fn active_devices_of(&self, user: User) -> Vec<Device> {
        self.devices_of(user).into_iter().map(|(device, _)| device).filter(|device| self.is_active(*device)).collect()
    }

    /// Known, not revoked, and its user not suspended.
    pub fn is_active(&self, device: Device) -> bool {
        self.is_active_at(device, u64::MAX)
    }

    /// As it was just after entry n.
    pub fn is_active_at(&self, device: Device, n: u64) -> bool {
        self.device(device).is_some_and(|state| {
            state.added_n <= n
                && state.revoked_n.is_none_or(|revoked| revoked > n)
                && self.user(state.user).is_some_and(|user| !user.is_suspended_at(n))
        })
    }

    /// The entry because of which a device is not active; None while it is, or is unknown.
    pub fn cause(&self, device: Device) -> Option<u64> {
        let state = self.device(device)?;
        state.revoked_n.or_else(|| self.user(state.user)?.suspended_n())
    }

    pub fn invitations(&self) -> impl Iterator<Item = (Invitation, &InvitationState)> {
        self.invitations.iter().map(|(invitation, state)| (*invitation, state))
    }

    pub fn invitation(&self, invitation: Invitation) -> Option<&InvitationState> {
        self.invitations.get(&invitation)
    }

    /// The server's external-sender key now.
    pub fn server_key(&self) -> Option<[u8; 32]> {
        self.server_keys.last().map(|(_, key)| *key)
    }

    /// Whether this was the server's key just after some entry: groups keep the key they were made with.
    pub fn was_server_key(&self, key: &[u8]) -> bool {
        self.server_keys.iter().any(|(_, known)| known == key)
    }

    pub fn policy(&self) -> Option<Policy> {
        self.policy
    }

    /// Owners that are not suspended.
    fn active_owners(&self) -> impl Iterator<Item = User> + '_ {
        self.users().filter(|(_, state)| state.role() == Role::Owner && !state.is_suspended()).map(|(user, _)| user)
    }
}
