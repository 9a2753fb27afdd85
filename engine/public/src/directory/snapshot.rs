//! The directory's whole state as bytes, so that a start does not replay every entry. Deterministic; for one's own store only.

use std::collections::BTreeMap;

use super::payload::{Invite, Role};
use super::{DeviceState, Directory, InvitationState, Paper, Policy, Recovery, UserState};
use crate::cbor::{self, Item};
use crate::ids::{Device, Invitation, Org, User};
use crate::refusal::Refusal;

const VERSION: u64 = 2;
/// Before passkeys: users without papers.
const WITHOUT_PAPERS: u64 = 1;

impl Directory {
    pub fn snapshot(&self) -> Vec<u8> {
        let users: Vec<Item> = self.users().map(|(user, state)| user_item(user, state)).collect();
        let devices: Vec<Item> = self.devices().map(|(device, state)| device_item(device, state)).collect();
        let invitations: Vec<Item> = self.invitations().map(|(_, state)| invitation_item(state)).collect();
        let server_keys: Vec<Item> = self.server_keys.iter().map(|(n, key)| crate::cbor![*n, key]).collect();
        let policy = self.policy.map(|p| crate::cbor![p.version, p.idle_ms, p.strict_recovery]);
        let hashes = self.hashes.concat();
        cbor::encode(&crate::cbor![
            VERSION,
            self.org,
            self.owner_seed,
            hashes,
            self.time_ms,
            users,
            devices,
            invitations,
            server_keys,
            policy
        ])
    }

    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(bytes)?;
        let [version, org, owner_seed, hashes, time_ms, users, devices, invitations, server_keys, policy] =
            item.array()?;
        let version = version.uint()?;
        if !matches!(version, WITHOUT_PAPERS | VERSION) {
            return Err(Refusal::Malformed);
        }
        let (hashes, rest) = hashes.bytes()?.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(Refusal::Malformed);
        }
        let server_key = |item: &Item| {
            let [n, key] = item.array()?;
            Ok((n.uint()?, key.fixed()?))
        };
        Ok(Directory {
            org: Org::from_item(org)?,
            owner_seed: owner_seed.or_null(Item::fixed)?,
            hashes: hashes.to_vec(),
            time_ms: time_ms.uint()?,
            users: in_order(users, |item| read_user(item, version))?,
            devices: in_order(devices, read_device)?,
            invitations: in_order(invitations, read_invitation)?,
            server_keys: server_keys.list()?.iter().map(server_key).collect::<Result<_, Refusal>>()?,
            policy: if policy.is_null() { None } else { Some(read_policy(policy)?) },
        })
    }
}

/// What is kept by its id: each once, in the order in which it is written.
fn in_order<Id: Ord + Copy, State>(
    items: &Item,
    read: impl Fn(&Item) -> Result<(Id, State), Refusal>,
) -> Result<BTreeMap<Id, State>, Refusal> {
    let mut kept = BTreeMap::new();
    for item in items.list()? {
        let (id, state) = read(item)?;
        if kept.last_key_value().is_some_and(|(last, _)| *last >= id) {
            return Err(Refusal::Malformed);
        }
        kept.insert(id, state);
    }
    Ok(kept)
}

fn user_item(user: User, state: &UserState) -> Item {
    let roles: Vec<Item> = state.roles.iter().map(|(n, role)| crate::cbor![*n, role.name()]).collect();
    let suspensions: Vec<Item> = state.suspensions.iter().map(|(n, is)| crate::cbor![*n, *is]).collect();
    let recovery = state.recovery.as_ref().map(|r| crate::cbor![r.sign_public, &r.xwing_public]);
    let vault = state.vault.map(|(version, hash)| crate::cbor![version, hash]);
    let paper = |paper: &Paper| crate::cbor![paper.of, paper.keys.sign_public, &paper.keys.xwing_public];
    let papers: Vec<Item> = state.papers.iter().map(paper).collect();
    crate::cbor![
        user,
        &state.account,
        state.is_bot,
        &state.name,
        state.invitation,
        state.inviter,
        state.claimed_n,
        state.chain_k,
        state.chain_head,
        roles,
        suspensions,
        recovery,
        vault,
        papers
    ]
}

fn read_user(item: &Item, version: u64) -> Result<(User, UserState), Refusal> {
    let (before, papers) = match (version, item.list()?) {
        (WITHOUT_PAPERS, all) => (all, Vec::new()),
        (_, [before @ .., papers]) => (before, papers.list()?.iter().map(read_paper).collect::<Result<_, _>>()?),
        (_, []) => return Err(Refusal::Malformed),
    };
    let [user, account, is_bot, name, invitation, inviter, claimed_n, chain_k, chain_head, roles, suspensions, recovery, vault] =
        before
    else {
        return Err(Refusal::Malformed);
    };
    let role = |item: &Item| {
        let [n, role] = item.array()?;
        Ok((n.uint()?, Role::from_name(role.text()?)?))
    };
    let suspension = |item: &Item| {
        let [n, is] = item.array()?;
        Ok((n.uint()?, is.bool()?))
    };
    let state = UserState {
        account: account.text()?.to_owned(),
        is_bot: is_bot.bool()?,
        name: name.text()?.to_owned(),
        invitation: Invitation::from_item(invitation)?,
        inviter: inviter.or_null(User::from_item)?,
        claimed_n: claimed_n.uint()?,
        chain_k: chain_k.uint()?,
        chain_head: chain_head.fixed()?,
        roles: roles.list()?.iter().map(role).collect::<Result<_, Refusal>>()?,
        suspensions: suspensions.list()?.iter().map(suspension).collect::<Result<_, Refusal>>()?,
        recovery: recovery.or_null(|item| {
            let [sign, xwing] = item.array()?;
            Ok(Recovery { sign_public: sign.fixed()?, xwing_public: xwing.bytes()?.to_vec() })
        })?,
        vault: vault.or_null(|item| {
            let [version, hash] = item.array()?;
            Ok((version.uint()?, hash.fixed()?))
        })?,
        papers,
    };
    Ok((User::from_item(user)?, state))
}

fn read_paper(item: &Item) -> Result<Paper, Refusal> {
    let [of, sign, xwing] = item.array()?;
    let keys = Recovery { sign_public: sign.fixed()?, xwing_public: xwing.bytes()?.to_vec() };
    Ok(Paper { of: of.fixed()?, keys })
}

fn device_item(device: Device, state: &DeviceState) -> Item {
    let DeviceState { user, position, sig_public, auth_public, added_n, revoked_n } = state;
    crate::cbor![device, user, *position, sig_public, auth_public, *added_n, *revoked_n]
}

fn read_device(item: &Item) -> Result<(Device, DeviceState), Refusal> {
    let [device, user, position, sig_public, auth_public, added_n, revoked_n] = item.array()?;
    let state = DeviceState {
        user: User::from_item(user)?,
        position: position.uint()?,
        sig_public: sig_public.fixed()?,
        auth_public: auth_public.fixed()?,
        added_n: added_n.uint()?,
        revoked_n: revoked_n.or_null(Item::uint)?,
    };
    Ok((Device::from_item(device)?, state))
}

fn invitation_item(state: &InvitationState) -> Item {
    let InvitationState { inviter, invite, n, withdrawn, claimed_by } = state;
    let claimed_by: Vec<Item> = claimed_by.iter().map(Item::from).collect();
    let Invite { invitation, seed_public, role, account, is_bot, expires_ms } = invite;
    let invite = crate::cbor![invitation, seed_public, role.name(), account, *is_bot, *expires_ms];
    crate::cbor![inviter, invite, *n, *withdrawn, claimed_by]
}

fn read_invitation(item: &Item) -> Result<(Invitation, InvitationState), Refusal> {
    let [inviter, invite, n, withdrawn, claimed_by] = item.array()?;
    let [invitation, seed_public, role, account, is_bot, expires_ms] = invite.array()?;
    let invite = Invite {
        invitation: Invitation::from_item(invitation)?,
        seed_public: seed_public.fixed()?,
        role: Role::from_name(role.text()?)?,
        account: account.text()?.to_owned(),
        is_bot: is_bot.bool()?,
        expires_ms: expires_ms.uint()?,
    };
    let state = InvitationState {
        inviter: User::from_item(inviter)?,
        n: n.uint()?,
        withdrawn: withdrawn.bool()?,
        claimed_by: claimed_by.list()?.iter().map(User::from_item).collect::<Result<_, _>>()?,
        invite,
    };
    Ok((state.invite.invitation, state))
}

fn read_policy(item: &Item) -> Result<Policy, Refusal> {
    let [version, idle_ms, strict] = item.array()?;
    Ok(Policy { version: version.uint()?, idle_ms: idle_ms.or_null(Item::uint)?, strict_recovery: strict.bool()? })
}
