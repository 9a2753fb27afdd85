//! The directory as a Python object, and the views it gives.

use inmost_public::directory::{self, InvitationState, Level, UserState};
use inmost_public::ids::{Device, Invitation, Org, User};
use pyo3::prelude::*;

use super::{fixed, refused};

#[pyclass(module = "inmost_engine.public")]
pub struct Directory {
    pub inner: directory::Directory,
}

#[pyclass(frozen, get_all, module = "inmost_engine.public")]
struct Applied {
    n: u64,
    hash: [u8; 32],
    kind: &'static str,
    author: Option<[u8; 32]>,
    time_ms: u64,
    user: Option<[u8; 32]>,
    device: Option<[u8; 16]>,
    invitation: Option<[u8; 16]>,
    inactive_devices: Vec<[u8; 16]>,
    active_devices: Vec<[u8; 16]>,
    suspended_users: Vec<[u8; 32]>,
    second_claim: bool,
}

impl From<directory::Applied> for Applied {
    fn from(applied: directory::Applied) -> Self {
        Applied {
            n: applied.n,
            hash: applied.hash,
            kind: applied.kind,
            author: applied.author.map(|user| user.0),
            time_ms: applied.time_ms,
            user: applied.user.map(|user| user.0),
            device: applied.device.map(|device| device.0),
            invitation: applied.invitation.map(|invitation| invitation.0),
            inactive_devices: applied.inactive_devices.iter().map(|device| device.0).collect(),
            active_devices: applied.active_devices.iter().map(|device| device.0).collect(),
            suspended_users: applied.suspended_users.iter().map(|user| user.0).collect(),
            second_claim: applied.second_claim,
        }
    }
}

#[pyclass(frozen, get_all, module = "inmost_engine.public")]
struct DeviceView {
    device: [u8; 16],
    user: [u8; 32],
    position: u64,
    sig_public: [u8; 32],
    auth_public: [u8; 32],
    added_n: u64,
    revoked_n: Option<u64>,
    is_active: bool,
}

#[pyclass(frozen, get_all, module = "inmost_engine.public")]
struct UserView {
    user: [u8; 32],
    account: String,
    is_bot: bool,
    name: String,
    role: &'static str,
    level: &'static str,
    suspended: bool,
    chain_k: u64,
    chain_head: [u8; 32],
    invitation: Option<[u8; 16]>,
    inviter: Option<[u8; 32]>,
    recovery_sign_public: Option<[u8; 32]>,
    recovery_xwing_public: Option<Vec<u8>>,
    recovery_id: Option<[u8; 16]>,
    papers: Vec<([u8; 16], [u8; 16])>,
    vault: Option<(u64, [u8; 32])>,
    claimed_n: u64,
}

impl UserView {
    fn of(user: User, state: &UserState) -> Self {
        UserView {
            user: user.0,
            account: state.account.clone(),
            is_bot: state.is_bot,
            name: state.name.clone(),
            role: state.role().name(),
            level: match state.level() {
                Level::Owner => "owner",
                Level::Link => "link",
            },
            suspended: state.is_suspended(),
            chain_k: state.chain_k,
            chain_head: state.chain_head,
            invitation: Some(state.invitation.0),
            inviter: state.inviter.map(|inviter| inviter.0),
            recovery_sign_public: state.recovery.as_ref().map(|recovery| recovery.sign_public),
            recovery_xwing_public: state.recovery.as_ref().map(|recovery| recovery.xwing_public.clone()),
            recovery_id: state.recovery.as_ref().map(|recovery| recovery.key_id()),
            papers: state.papers.iter().map(|paper| (paper.keys.key_id(), paper.of)).collect(),
            vault: state.vault,
            claimed_n: state.claimed_n,
        }
    }
}

#[pyclass(frozen, get_all, module = "inmost_engine.public")]
struct InvitationView {
    invitation: [u8; 16],
    inviter: [u8; 32],
    seed_public: [u8; 32],
    role: &'static str,
    account: String,
    is_bot: bool,
    expires_ms: u64,
    state: &'static str,
    claimed_by: Vec<[u8; 32]>,
    n: u64,
}

impl InvitationView {
    fn of(invitation: Invitation, state: &InvitationState) -> Self {
        let is = match (state.withdrawn, state.claimed_by.is_empty()) {
            (true, _) => "withdrawn",
            (false, true) => "open",
            (false, false) => "claimed",
        };
        InvitationView {
            invitation: invitation.0,
            inviter: state.inviter.0,
            seed_public: state.invite.seed_public,
            role: state.invite.role.name(),
            account: state.invite.account.clone(),
            is_bot: state.invite.is_bot,
            expires_ms: state.invite.expires_ms,
            state: is,
            claimed_by: state.claimed_by.iter().map(|user| user.0).collect(),
            n: state.n,
        }
    }
}

impl Directory {
    fn view(&self, device: Device) -> Option<DeviceView> {
        let state = self.inner.device(device)?;
        Some(DeviceView {
            device: device.0,
            user: state.user.0,
            position: state.position,
            sig_public: state.sig_public,
            auth_public: state.auth_public,
            added_n: state.added_n,
            revoked_n: state.revoked_n,
            is_active: self.inner.is_active(device),
        })
    }
}

#[pymethods]
impl Directory {
    #[new]
    #[pyo3(signature = (org, owner_seed_public = None))]
    fn new(org: &[u8], owner_seed_public: Option<&[u8]>) -> PyResult<Self> {
        let org = Org(fixed(org)?);
        let inner = match owner_seed_public {
            Some(seed) => directory::Directory::for_owner(org, fixed(seed)?),
            None => directory::Directory::new(org),
        };
        Ok(Directory { inner })
    }

    #[staticmethod]
    fn load(py: Python<'_>, snapshot: &[u8]) -> PyResult<Self> {
        let inner = py.detach(|| directory::Directory::from_snapshot(snapshot)).map_err(refused)?;
        Ok(Directory { inner })
    }

    fn dangerous_act(&self, entry: &[u8]) -> Option<&'static str> {
        self.inner.dangerous_act(entry)
    }

    fn snapshot(&self, py: Python<'_>) -> Vec<u8> {
        py.detach(|| self.inner.snapshot())
    }

    #[pyo3(signature = (entry, now_ms = None))]
    fn check(&self, py: Python<'_>, entry: &[u8], now_ms: Option<u64>) -> PyResult<Applied> {
        let check = || {
            if let Some(now_ms) = now_ms {
                self.inner.check_time(entry, now_ms)?;
            }
            self.inner.check(entry)
        };
        py.detach(check).map(Applied::from).map_err(refused)
    }

    #[pyo3(signature = (entry, now_ms = None))]
    fn apply(&mut self, py: Python<'_>, entry: &[u8], now_ms: Option<u64>) -> PyResult<Applied> {
        let apply = || {
            if let Some(now_ms) = now_ms {
                self.inner.check_time(entry, now_ms)?;
            }
            self.inner.apply(entry)
        };
        py.detach(apply).map(Applied::from).map_err(refused)
    }

    #[getter]
    fn org(&self) -> [u8; 16] {
        self.inner.org().0
    }

    #[getter]
    fn next_n(&self) -> u64 {
        self.inner.next_n()
    }

    fn head(&self) -> Option<(u64, [u8; 32])> {
        self.inner.head().map(|head| (head.n, head.hash))
    }

    fn hash_at(&self, n: u64) -> Option<[u8; 32]> {
        self.inner.hash_at(n)
    }

    fn users(&self) -> Vec<UserView> {
        self.inner.users().map(|(user, state)| UserView::of(user, state)).collect()
    }

    fn user(&self, user: &[u8]) -> PyResult<Option<UserView>> {
        let user = User(fixed(user)?);
        Ok(self.inner.user(user).map(|state| UserView::of(user, state)))
    }

    fn user_by_account(&self, account: &str) -> Option<UserView> {
        self.inner.user_by_account(account).map(|(user, state)| UserView::of(user, state))
    }

    fn device(&self, device: &[u8]) -> PyResult<Option<DeviceView>> {
        Ok(self.view(Device(fixed(device)?)))
    }

    fn devices_of(&self, user: &[u8]) -> PyResult<Vec<DeviceView>> {
        let devices = self.inner.devices_of(User(fixed(user)?));
        Ok(devices.into_iter().filter_map(|(device, _)| self.view(device)).collect())
    }

    fn active_devices_of(&self, user: &[u8]) -> PyResult<Vec<[u8; 16]>> {
        Ok(self.inner.active_devices_of(User(fixed(user)?)).into_iter().map(|device| device.0).collect())
    }

    fn is_active(&self, device: &[u8]) -> PyResult<bool> {
        Ok(self.inner.is_active(Device(fixed(device)?)))
    }

    fn cause(&self, device: &[u8]) -> PyResult<Option<u64>> {
        Ok(self.inner.cause(Device(fixed(device)?)))
    }

    fn invitations(&self) -> Vec<InvitationView> {
        self.inner.invitations().map(|(invitation, state)| InvitationView::of(invitation, state)).collect()
    }

    fn invitation(&self, invitation: &[u8]) -> PyResult<Option<InvitationView>> {
        let invitation = Invitation(fixed(invitation)?);
        Ok(self.inner.invitation(invitation).map(|state| InvitationView::of(invitation, state)))
    }

    fn server_key(&self) -> Option<[u8; 32]> {
        self.inner.server_key()
    }

    fn policy(&self) -> Option<(u64, Option<u64>, bool)> {
        self.inner.policy().map(|policy| (policy.version, policy.idle_ms, policy.strict_recovery))
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Directory>()?;
    module.add_class::<Applied>()?;
    module.add_class::<DeviceView>()?;
    module.add_class::<UserView>()?;
    module.add_class::<InvitationView>()
}
