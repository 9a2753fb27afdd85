//! Groups as Python objects: create, check, merge, removals.

use inmost_public::group::{self, ServerGroup, Upload};
use inmost_public::ids::{Conversation, Device, Org, User};
use inmost_public::roles::Roles;
use inmost_public::{settings, Refusal};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use super::directory::Directory;
use super::{fixed, refused};

type Change = (Vec<u8>, Option<Vec<u8>>);

/// (leaf, user, device)
type Seat = (u32, [u8; 32], [u8; 16]);

/// (device, user)
type Who = ([u8; 16], [u8; 32]);

#[pyclass(frozen, module = "inmost_engine.public")]
struct ServerKey(group::ServerKey);

#[pymethods]
impl ServerKey {
    #[new]
    fn new(seed: &[u8]) -> PyResult<Self> {
        Ok(ServerKey(group::ServerKey::generate(fixed(seed)?)))
    }

    #[staticmethod]
    fn generate(entropy: &[u8]) -> PyResult<Self> {
        ServerKey::new(entropy)
    }

    #[getter]
    fn seed(&self) -> [u8; 32] {
        *self.0.seed()
    }

    #[getter]
    fn public(&self) -> [u8; 32] {
        *self.0.public()
    }
}

#[pyclass(frozen, module = "inmost_engine.public")]
struct Settings {
    inner: settings::Settings,
    #[pyo3(get)]
    version: u64,
    #[pyo3(get)]
    kind: &'static str,
    #[pyo3(get)]
    roles: Vec<([u8; 32], &'static str)>,
    #[pyo3(get)]
    who_may_add: &'static str,
    #[pyo3(get)]
    retention_ms: Option<u64>,
    #[pyo3(get)]
    guests: bool,
    #[pyo3(get)]
    open: bool,
    #[pyo3(get)]
    announcement: bool,
    #[pyo3(get)]
    not_kept: bool,
    #[pyo3(get)]
    away: Vec<[u8; 32]>,
}

#[pymethods]
impl Settings {
    #[staticmethod]
    fn decode(encoded: &[u8]) -> PyResult<Self> {
        settings::Settings::decode(encoded).map(Settings::from).map_err(refused)
    }

    fn encode(&self) -> Vec<u8> {
        self.inner.encode()
    }

    fn role(&self, user: &[u8], directory: &Directory) -> PyResult<&'static str> {
        Ok(Roles::now(&self.inner, &directory.inner).of(User(fixed(user)?)).name())
    }

    fn may_post(&self, user: &[u8], directory: &Directory) -> PyResult<bool> {
        Ok(Roles::now(&self.inner, &directory.inner).may_post(User(fixed(user)?)))
    }
}

impl From<settings::Settings> for Settings {
    fn from(settings: settings::Settings) -> Self {
        Settings {
            version: settings.version,
            kind: settings.kind.name(),
            roles: settings.roles.iter().map(|(user, role)| (user.0, role.name())).collect(),
            who_may_add: match settings.who_may_add {
                settings::WhoMayAdd::Member => "member",
                settings::WhoMayAdd::Moderator => "moderator",
            },
            retention_ms: settings.retention_ms,
            guests: settings.guests,
            open: settings.open,
            announcement: settings.announcement,
            not_kept: settings.not_kept,
            away: settings.away.iter().map(|user| user.0).collect(),
            inner: settings,
        }
    }
}

#[pyclass(module = "inmost_engine.public")]
struct Checked {
    inner: Option<group::Checked>,
    #[pyo3(get)]
    epoch: u64,
    #[pyo3(get)]
    committer: [u8; 16],
    #[pyo3(get)]
    committer_user: [u8; 32],
    #[pyo3(get)]
    is_external: bool,
    #[pyo3(get)]
    adds: Vec<Who>,
    #[pyo3(get)]
    joiner: Option<Who>,
    #[pyo3(get)]
    removes: Vec<Who>,
    #[pyo3(get)]
    has_path: bool,
    #[pyo3(get)]
    settings_changed: bool,
    #[pyo3(get)]
    dir_n: u64,
    #[pyo3(get)]
    time_ms: u64,
}

impl From<group::Checked> for Checked {
    fn from(checked: group::Checked) -> Self {
        let who = |all: &[(Device, inmost_public::ids::User)]| all.iter().map(|(d, u)| (d.0, u.0)).collect();
        let identity = checked.committer.identity;
        Checked {
            epoch: checked.epoch,
            committer: identity.device.0,
            committer_user: identity.user.0,
            is_external: checked.is_external,
            adds: who(&checked.adds),
            joiner: checked.is_external.then_some((identity.device.0, identity.user.0)),
            removes: who(&checked.removes),
            has_path: checked.has_path,
            settings_changed: checked.settings_changed,
            dir_n: checked.dir_n,
            time_ms: checked.time_ms,
            inner: Some(checked),
        }
    }
}

#[pyclass(module = "inmost_engine.public")]
struct Group {
    inner: ServerGroup,
}

#[pymethods]
impl Group {
    /// Members' times are not looked at here: epoch 0 carries none. now_ms keeps the call like `check`.
    #[staticmethod]
    #[allow(clippy::too_many_arguments)] // the frame's fields
    fn create(
        py: Python<'_>,
        conversation: &[u8],
        group: &[u8],
        group_info: &[u8],
        tree: &[u8],
        creator: &[u8],
        directory: &Directory,
        now_ms: u64,
    ) -> PyResult<(Self, Vec<Change>)> {
        let _ = now_ms;
        let (conversation, group) = (Conversation(fixed(conversation)?), inmost_public::ids::Group(fixed(group)?));
        let (creator, directory) = (Device(fixed(creator)?), &directory.inner);
        let created = py.detach(|| ServerGroup::create(conversation, group, group_info, tree, creator, directory));
        created.map(|(inner, changes)| (Group { inner }, changes)).map_err(refused)
    }

    #[staticmethod]
    fn load(
        py: Python<'_>,
        org: &[u8],
        conversation: &[u8],
        group: &[u8],
        rows: Vec<(PyBackedBytes, PyBackedBytes)>,
    ) -> PyResult<Self> {
        let (org, conversation) = (Org(fixed(org)?), Conversation(fixed(conversation)?));
        let group = inmost_public::ids::Group(fixed(group)?);
        let rows: Vec<_> = rows.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
        let inner = py.detach(|| ServerGroup::load(org, conversation, group, rows)).map_err(refused)?;
        Ok(Group { inner })
    }

    #[pyo3(signature = (commit, directory, now_ms, group_info, welcome, link))]
    #[allow(clippy::too_many_arguments)] // the frame's fields
    fn check(
        &self,
        py: Python<'_>,
        commit: &[u8],
        directory: &Directory,
        now_ms: u64,
        group_info: &[u8],
        welcome: Option<&[u8]>,
        link: Option<&[u8]>,
    ) -> PyResult<Checked> {
        let (directory, upload) = (&directory.inner, Upload { group_info, welcome, link });
        let checked = py.detach(|| self.inner.check(commit, directory, now_ms, upload));
        checked.map(Checked::from).map_err(refused)
    }

    fn merge(&mut self, py: Python<'_>, checked: &mut Checked) -> PyResult<Vec<Change>> {
        let epoch = self.inner.epoch();
        let stale = || refused(Refusal::StaleEpoch { current_epoch: epoch });
        let checked = checked.inner.take().ok_or_else(stale)?;
        py.detach(|| self.inner.merge(checked)).map_err(refused)
    }

    fn propose_remove(&mut self, device: &[u8], key: &ServerKey) -> PyResult<(Vec<u8>, Vec<Change>)> {
        self.inner.propose_remove(Device(fixed(device)?), &key.0).map_err(refused)
    }

    fn accept_proposal(&mut self, proposal: &[u8], device: &[u8]) -> PyResult<Vec<Change>> {
        self.inner.accept_proposal(proposal, Device(fixed(device)?)).map_err(refused)
    }

    fn uncovered(&self, directory: &Directory) -> Vec<[u8; 16]> {
        self.inner.uncovered(&directory.inner).into_iter().map(|device| device.0).collect()
    }

    fn pending(&self) -> Vec<([u8; 16], bool)> {
        self.inner.pending().into_iter().map(|(device, pending)| (device.0, pending.by_server)).collect()
    }

    #[getter]
    fn conversation(&self) -> [u8; 16] {
        self.inner.conversation().0
    }

    #[getter]
    fn group(&self) -> [u8; 16] {
        self.inner.group().0
    }

    #[getter]
    fn epoch(&self) -> u64 {
        self.inner.epoch()
    }

    #[getter]
    fn settings(&self) -> Settings {
        Settings::from(self.inner.settings().clone())
    }

    fn roster(&self) -> Vec<Seat> {
        self.inner.roster().into_iter().map(|(leaf, user, device)| (leaf, user.0, device.0)).collect()
    }

    fn is_member(&self, device: &[u8]) -> PyResult<bool> {
        Ok(self.inner.is_member(Device(fixed(device)?)))
    }

    fn may_join(&self, device: &[u8], directory: &Directory) -> PyResult<bool> {
        Ok(self.inner.may_join(Device(fixed(device)?), &directory.inner))
    }

    fn tree(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        py.detach(|| self.inner.tree()).map_err(refused)
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ServerKey>()?;
    module.add_class::<Settings>()?;
    module.add_class::<Checked>()?;
    module.add_class::<Group>()
}
