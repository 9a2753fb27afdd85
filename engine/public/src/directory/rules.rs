//! Who may append what: the authority table of docs/protocol/directory.md, one function for each kind.
//!
//! A rule looks only at the state before the entry and says which keys must have signed. It changes nothing.

use super::change::{chain_next, user_id, Change};
use super::entry::{Entry, KeyId};
use super::payload::{Claim, Invite, Payload, Role};
use super::{Directory, UserState};
use crate::ids::{recovery_id, Device, Invitation, User};
use crate::limits::MAX_PASSKEY_PAPERS;
use crate::refusal::Refusal;

/// The keys that must have signed, in order. None: a key that only the server knows (the owner's seed).
pub(super) type Signers = Vec<(KeyId, Option<[u8; 32]>)>;

type Verdict = Result<Signers, Refusal>;

impl Directory {
    /// Which keys must have signed this entry, if it is allowed here at all.
    pub(super) fn rule(&self, entry: &Entry) -> Verdict {
        let (draft, by) = (&entry.draft, entry.key_ids().next());
        if let Payload::Claim(claim) = &draft.payload {
            return match draft.author {
                None => self.may_claim(claim, draft.time_ms),
                Some(_) => Err(Refusal::Malformed),
            };
        }
        let author = draft.author.ok_or(Refusal::Malformed)?;
        let state = self.user(author).ok_or(Refusal::Unknown)?;
        if state.is_suspended() {
            return Err(Refusal::NotAllowed);
        }
        let by = by.ok_or(Refusal::BadSignature)?;
        if let Payload::Chain { user, k, prev, change } = &draft.payload {
            return if *user == author {
                self.may_change_keys(author, state, (*k, prev), change, by)
            } else {
                Err(Refusal::NotAllowed)
            };
        }
        let signer = self.active_device_of(author, by)?;
        match &draft.payload {
            Payload::Claim(_) | Payload::Chain { .. } => Err(Refusal::Malformed), // handled above
            Payload::Profile { .. } => Ok(()),
            Payload::Invite(invite) => self.may_invite(state.role(), invite, draft.time_ms),
            Payload::Withdraw { invitation } => self.may_withdraw(author, state.role(), *invitation),
            Payload::Role { user, role } => self.may_set_role(state.role(), *user, *role),
            Payload::Suspend { user, suspended } => self.may_suspend(state.role(), *user, *suspended),
            Payload::Vault { version, .. } => next_version(state.vault.map(|(version, _)| version), *version),
            Payload::ServerKey { .. } => allow(state.role() == Role::Owner),
            Payload::Policy { version, .. } => allow(matches!(state.role(), Role::Owner | Role::Administrator))
                .and_then(|()| next_version(self.policy.map(|policy| policy.version), *version)),
        }?;
        Ok(vec![signer])
    }

    fn active_device_of(&self, user: User, by: KeyId) -> Result<(KeyId, Option<[u8; 32]>), Refusal> {
        match self.device(Device(by)) {
            Some(state) if state.user == user && self.is_active(Device(by)) => Ok((by, Some(state.sig_public))),
            Some(_) => Err(Refusal::NotAllowed),
            None => Err(Refusal::BadSignature),
        }
    }

    fn may_claim(&self, claim: &Claim, time_ms: u64) -> Verdict {
        let (device, sig_public, recovery) = first_keys(claim)?;
        let Some(first @ Change::Add { .. }) = claim.changes.first() else {
            return Err(Refusal::Malformed);
        };
        if self.user(user_id(self.org, first)).is_some() || self.device(device).is_some() {
            return Err(Refusal::AlreadyExists);
        }
        let seed = match claim.inviter {
            None if self.next_n() > 0 || claim.is_bot => return Err(Refusal::NotAllowed),
            None => self.owner_seed, // others cannot know the owner's seed; for them entry 0 is the root by being the root
            Some(inviter) => Some(self.claimed_seed(claim, inviter, time_ms)?),
        };
        let mut signers: Signers = vec![(claim.invitation.0, seed), (device.0, Some(sig_public))];
        if let Some(sign_public) = recovery {
            signers.push((recovery_id(&sign_public), Some(sign_public)));
        }
        Ok(signers)
    }

    /// The seed key of the invitation that a claim names rightly. A second claim is allowed: it suspends both.
    fn claimed_seed(&self, claim: &Claim, inviter: User, time_ms: u64) -> Result<[u8; 32], Refusal> {
        let state = self.invitation(claim.invitation).ok_or(Refusal::Unknown)?;
        let is_as_invited = state.inviter == inviter
            && state.invite.account == claim.account
            && state.invite.is_bot == claim.is_bot
            && self.user(inviter).is_some_and(|inviter| !inviter.is_suspended());
        allow(is_as_invited)?;
        if state.withdrawn || time_ms > state.invite.expires_ms {
            return Err(Refusal::InvitationExpired);
        }
        Ok(state.invite.seed_public)
    }

    fn may_change_keys(
        &self,
        user: User,
        state: &UserState,
        (k, prev): (u64, &[u8; 32]),
        change: &Change,
        by: KeyId,
    ) -> Verdict {
        if k != state.chain_k + 1 || *prev != state.chain_head {
            return Err(Refusal::StaleChain);
        }
        let signer = match state.paper_keys().find(|keys| keys.key_id() == by) {
            Some(keys) => (by, Some(keys.sign_public)),
            None => self.active_device_of(user, by)?,
        };
        let mut signers = vec![signer];
        match change {
            Change::Add { device, sig_public, .. } => {
                if self.device(*device).is_some() {
                    return Err(Refusal::AlreadyExists);
                }
                signers.push((device.0, Some(*sig_public)));
            }
            Change::Revoke { device } if state.paper(device.0).is_some() => {}
            Change::Revoke { device } => {
                let active = self.active_devices_of(user);
                // A person without any device could never sign again: the last one goes by `suspend` only.
                allow(active.contains(device) && active.len() > 1)?;
            }
            Change::SetRecovery { sign_public, .. } => {
                allow(!state.is_bot)?;
                signers.push((recovery_id(sign_public), Some(*sign_public)));
            }
            Change::AddPaper { of, sign_public, .. } => {
                allow(!state.is_bot && state.papers.len() < MAX_PASSKEY_PAPERS)?;
                let id = recovery_id(sign_public);
                if state.papers.iter().any(|paper| paper.of == *of)
                    || state.paper_keys().any(|keys| keys.key_id() == id)
                {
                    return Err(Refusal::AlreadyExists);
                }
                signers.push((id, Some(*sign_public)));
            }
        }
        Ok(signers)
    }

    fn may_invite(&self, role: Role, invite: &Invite, time_ms: u64) -> Result<(), Refusal> {
        allow(match role {
            Role::Owner => invite.role != Role::Owner,
            Role::Administrator => matches!(invite.role, Role::Member | Role::Guest),
            Role::Member | Role::Guest => false,
        })?;
        allow(!invite.is_bot || invite.role == Role::Member)?;
        let is_open = |(_, state): (_, &super::InvitationState)| {
            state.is_open() && state.invite.expires_ms >= time_ms && state.invite.account == invite.account
        };
        if self.invitation(invite.invitation).is_some()
            || self.user_by_account(&invite.account).is_some()
            || self.invitations().any(is_open)
        {
            return Err(Refusal::AlreadyExists);
        }
        Ok(())
    }

    fn may_withdraw(&self, author: User, role: Role, invitation: Invitation) -> Result<(), Refusal> {
        let state = self.invitation(invitation).ok_or(Refusal::Unknown)?;
        allow(state.is_open())?;
        allow(state.inviter == author || matches!(role, Role::Owner | Role::Administrator))
    }

    fn may_set_role(&self, by: Role, user: User, to: Role) -> Result<(), Refusal> {
        let state = self.user(user).ok_or(Refusal::Unknown)?;
        let is_low = |role| matches!(role, Role::Member | Role::Guest);
        allow(match by {
            Role::Owner => true,
            Role::Administrator => is_low(state.role()) && is_low(to),
            Role::Member | Role::Guest => false,
        })?;
        allow(!state.is_bot || to == Role::Member)?;
        allow(to == Role::Owner || self.another_owner_than(user))
    }

    fn may_suspend(&self, by: Role, user: User, suspended: bool) -> Result<(), Refusal> {
        let state = self.user(user).ok_or(Refusal::Unknown)?;
        allow(match by {
            Role::Owner => true,
            Role::Administrator => matches!(state.role(), Role::Member | Role::Guest), // bots are members
            Role::Member | Role::Guest => false,
        })?;
        if state.is_suspended() == suspended {
            return Err(Refusal::AlreadyExists);
        }
        allow(!suspended || self.another_owner_than(user))
    }

    /// There is always an owner who can act.
    fn another_owner_than(&self, user: User) -> bool {
        self.active_owners().any(|owner| owner != user)
    }
}

fn allow(is_allowed: bool) -> Result<(), Refusal> {
    if is_allowed {
        Ok(())
    } else {
        Err(Refusal::NotAllowed)
    }
}

fn next_version(last: Option<u64>, version: u64) -> Result<(), Refusal> {
    allow(version == last.unwrap_or(0) + 1)
}

/// Device, its `sig` key, recovery key.
type FirstKeys = (Device, [u8; 32], Option<[u8; 32]>);

/// A claim's first device with its key, and its recovery key: required of persons, forbidden for bots.
fn first_keys(claim: &Claim) -> Result<FirstKeys, Refusal> {
    match (claim.is_bot, claim.changes.as_slice()) {
        (false, [Change::Add { device, sig_public, .. }, Change::SetRecovery { sign_public, .. }]) => {
            Ok((*device, *sig_public, Some(*sign_public)))
        }
        (true, [Change::Add { device, sig_public, .. }]) => Ok((*device, *sig_public, None)),
        _ => Err(Refusal::Malformed),
    }
}

/// The chain after all changes of a claim: (k, chain_k).
pub(super) fn claimed_chain(org: crate::ids::Org, changes: &[Change]) -> (u64, [u8; 32]) {
    changes
        .iter()
        .enumerate()
        .fold((0, [0; 32]), |(_, prev), (k, change)| (k as u64, chain_next(org, k as u64, &prev, change)))
}
