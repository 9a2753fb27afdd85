//! Appending an entry: verify, decide by the rules, then change the state; and what came of it.

use super::change::{chain_next, user_id, Change};
use super::entry::Entry;
use super::payload::{Claim, Payload, Role};
use super::rules::claimed_chain;
use super::{DeviceState, Directory, InvitationState, Paper, Policy, Recovery, UserState};
use crate::ids::{sha256, Device, Invitation, User};
use crate::limits::CLOCK_SKEW_MS;
use crate::refusal::Refusal;

/// What an entry did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub n: u64,
    /// D_n
    pub hash: [u8; 32],
    pub kind: &'static str,
    /// The acting user; of a claim, the new one.
    pub author: Option<User>,
    pub time_ms: u64,
    /// The user it is about.
    pub user: Option<User>,
    /// The device it adds or revokes.
    pub device: Option<Device>,
    pub invitation: Option<Invitation>,
    /// Active before and no longer: their connections close, their leaves go, and n is the cause.
    pub inactive_devices: Vec<Device>,
    /// Active from here on and not before.
    pub active_devices: Vec<Device>,
    pub suspended_users: Vec<User>,
    pub second_claim: bool,
}

impl Directory {
    /// Append one entry of the log, as everybody does. An error changes nothing.
    pub fn apply(&mut self, entry: &[u8]) -> Result<Applied, Refusal> {
        let read = self.verified(entry)?;
        Ok(self.append(entry, read))
    }

    /// What `apply` would do.
    pub fn check(&self, entry: &[u8]) -> Result<Applied, Refusal> {
        let read = self.verified(entry)?;
        Ok(self.clone().append(entry, read))
    }

    /// The server's further rule: an entry's time is near its clock, so that expiry means something.
    pub fn check_time(&self, entry: &[u8], now_ms: u64) -> Result<(), Refusal> {
        if Entry::decode(entry)?.draft.time_ms.abs_diff(now_ms) > CLOCK_SKEW_MS {
            return Err(Refusal::ClockSkewed);
        }
        Ok(())
    }

    fn verified(&self, bytes: &[u8]) -> Result<Entry, Refusal> {
        let entry = Entry::decode(bytes)?;
        let draft = &entry.draft;
        if draft.org != self.org {
            return Err(Refusal::Malformed);
        }
        match draft.head {
            None if self.hashes.is_empty() => {}
            Some(head) if self.hash_at(head.n) == Some(head.hash) => {}
            Some(_) => return Err(Refusal::DirectoryForked),
            None => return Err(Refusal::Malformed),
        }
        // Two people's clocks differ, and entries made at the same moment come in either order.
        if draft.time_ms.saturating_add(CLOCK_SKEW_MS) < self.time_ms {
            return Err(Refusal::ClockSkewed);
        }
        if self.hashes.is_empty() && !matches!(draft.payload, Payload::Claim(_)) {
            return Err(Refusal::NotAllowed);
        }
        let signers = self.rule(&entry)?;
        entry.verify(&signers)?;
        Ok(entry)
    }

    fn append(&mut self, bytes: &[u8], entry: Entry) -> Applied {
        let n = self.next_n();
        let before = self.hashes.last().copied().unwrap_or([0; 32]);
        let hash = sha256(&[b"inmost/1 dir", &before, bytes]);
        let draft = entry.draft;
        let mut applied = Applied {
            n,
            hash,
            kind: draft.payload.kind(),
            author: draft.author,
            time_ms: draft.time_ms,
            user: draft.author,
            device: None,
            invitation: None,
            inactive_devices: Vec::new(),
            active_devices: Vec::new(),
            suspended_users: Vec::new(),
            second_claim: false,
        };
        self.hashes.push(hash);
        self.time_ms = self.time_ms.max(draft.time_ms);
        self.change(n, draft.author, draft.payload, &mut applied);
        applied
    }

    fn change(&mut self, n: u64, author: Option<User>, payload: Payload, applied: &mut Applied) {
        let state = author.and_then(|author| self.users.get_mut(&author));
        match (payload, state) {
            (Payload::Claim(claim), _) => self.claimed(n, claim, applied),
            (Payload::Chain { user, k, change, .. }, _) => self.keys_changed(n, user, k, change, applied),
            (Payload::Profile { name }, Some(state)) => state.name = name,
            (Payload::Vault { version, hash }, Some(state)) => state.vault = Some((version, hash)),
            (Payload::Invite(invite), _) => {
                applied.invitation = Some(invite.invitation);
                let inviter = author.unwrap_or(User([0; 32]));
                let invitation = invite.invitation;
                let state = InvitationState { inviter, invite, n, withdrawn: false, claimed_by: Vec::new() };
                self.invitations.insert(invitation, state);
            }
            (Payload::Withdraw { invitation }, _) => {
                applied.invitation = Some(invitation);
                if let Some(state) = self.invitations.get_mut(&invitation) {
                    state.withdrawn = true;
                }
            }
            (Payload::Role { user, role }, _) => {
                applied.user = Some(user);
                if let Some(state) = self.users.get_mut(&user) {
                    state.roles.push((n, role));
                }
            }
            (Payload::Suspend { user, suspended }, _) => {
                applied.user = Some(user);
                self.suspension(n, user, suspended, applied);
            }
            (Payload::ServerKey { sig_public }, _) => self.server_keys.push((n, sig_public)),
            (Payload::Policy { version, idle_ms, strict_recovery }, _) => {
                self.policy = Some(Policy { version, idle_ms, strict_recovery });
            }
            (Payload::Profile { .. } | Payload::Vault { .. }, None) => {} // the rules ask for a known author
        }
    }

    fn claimed(&mut self, n: u64, claim: Claim, applied: &mut Applied) {
        let Some(Change::Add { device, sig_public, auth_public }) = claim.changes.first().cloned() else {
            return; // the rules ask for an add first
        };
        let user = claim.changes.first().map_or(User([0; 32]), |first| user_id(self.org, first));
        let (chain_k, chain_head) = claimed_chain(self.org, &claim.changes);
        let recovery = claim.changes.into_iter().find_map(recovery_of);
        let invited = self.invitations.get_mut(&claim.invitation);
        let role = match (claim.inviter, &invited) {
            (Some(_), Some(invitation)) => invitation.invite.role,
            _ => Role::Owner,
        };
        let mut together = Vec::new();
        if let Some(invitation) = invited {
            invitation.claimed_by.push(user);
            if invitation.claimed_by.len() > 1 {
                together = invitation.claimed_by.clone();
            }
        }
        let state = UserState {
            account: claim.account,
            is_bot: claim.is_bot,
            name: claim.name,
            invitation: claim.invitation,
            inviter: claim.inviter,
            claimed_n: n,
            chain_k,
            chain_head,
            roles: vec![(n, role)],
            suspensions: Vec::new(),
            recovery,
            papers: Vec::new(),
            vault: None,
        };
        self.users.insert(user, state);
        let state = DeviceState { user, position: 0, sig_public, auth_public, added_n: n, revoked_n: None };
        self.devices.insert(device, state);
        applied.author = Some(user);
        applied.user = Some(user);
        applied.device = Some(device);
        applied.invitation = Some(claim.invitation);
        applied.second_claim = !together.is_empty();
        if together.is_empty() {
            applied.active_devices.push(device);
        }
        // Whoever came second holds the same seed as the first, and nobody here can say who was meant.
        for user in together {
            if !self.user(user).is_some_and(UserState::is_suspended) {
                self.suspension(n, user, true, applied);
            }
        }
        applied.inactive_devices.retain(|gone| *gone != device);
    }

    fn keys_changed(&mut self, n: u64, user: User, k: u64, change: Change, applied: &mut Applied) {
        let org = self.org;
        let Some(state) = self.users.get_mut(&user) else {
            return; // the rules ask for a known user
        };
        state.chain_head = chain_next(org, k, &state.chain_head, &change);
        state.chain_k = k;
        applied.user = Some(user);
        match change {
            Change::Add { device, sig_public, auth_public } => {
                let state = DeviceState { user, position: k, sig_public, auth_public, added_n: n, revoked_n: None };
                self.devices.insert(device, state);
                applied.device = Some(device);
                applied.active_devices.push(device);
            }
            Change::Revoke { device } if state.paper(device.0).is_some() => {
                state.papers.retain(|paper| paper.keys.key_id() != device.0);
            }
            Change::Revoke { device } => {
                if let Some(state) = self.devices.get_mut(&device) {
                    state.revoked_n = Some(n);
                }
                applied.device = Some(device);
                applied.inactive_devices.push(device);
            }
            change @ Change::SetRecovery { .. } => state.recovery = recovery_of(change),
            Change::AddPaper { of, sign_public, xwing_public } => {
                state.papers.push(Paper { of, keys: Recovery { sign_public, xwing_public } });
            }
        }
    }

    fn suspension(&mut self, n: u64, user: User, suspended: bool, applied: &mut Applied) {
        let before = self.active_devices_of(user);
        if let Some(state) = self.users.get_mut(&user) {
            state.suspensions.push((n, suspended));
        }
        if suspended {
            applied.suspended_users.push(user);
            applied.inactive_devices.extend(before);
        } else {
            applied.active_devices.extend(self.active_devices_of(user));
        }
    }
}

fn recovery_of(change: Change) -> Option<Recovery> {
    match change {
        Change::SetRecovery { sign_public, xwing_public } => Some(Recovery { sign_public, xwing_public }),
        _ => None,
    }
}
