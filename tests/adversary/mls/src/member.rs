//! A member's group as read from its disk, and everything that can be made with it.

use inmost_public::commit::CommitAad;
use inmost_public::credential::{capabilities, Identity, SUITE};
use inmost_public::ids::{Device, Head, Org, User};
use inmost_public::settings::{group_extensions, with_settings, ConversationKind, ConversationRole, Settings};
use inmost_public::sign::KeyPair;
use openmls::group::{GroupId, MlsGroup, MlsGroupCreateConfig, MlsGroupJoinConfig, PURE_PLAINTEXT_WIRE_FORMAT_POLICY};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{
    CredentialWithKey, KeyPackage, LeafNodeIndex, LeafNodeParameters, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut,
    ProcessedMessageContent, ProtocolVersion, RatchetTreeIn,
};
use openmls_traits::OpenMlsProvider;
use pyo3::prelude::*;

use crate::bent::{replaced, Bend, BentProvider};
use crate::{failed, provider};

const SECRET_BYTES: usize = 32;

/// (user, device, chain position): what a leaf says it is, true or not.
type Claimed = (Vec<u8>, Vec<u8>, u64);

/// A commit and what is uploaded with it; the keys of the epoch it leads to.
#[pyclass(get_all, frozen)]
pub struct Made {
    commit: Vec<u8>,
    welcome: Option<Vec<u8>>,
    group_info: Vec<u8>,
    tree: Vec<u8>,
    content_key: Vec<u8>,
    history_key: Vec<u8>,
    tree_hash: Vec<u8>,
}

#[pyclass]
pub struct Member {
    provider: BentProvider,
    group: MlsGroup,
    signer: KeyPair,
    conversation: Vec<u8>,
}

fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(false)
        .build()
}

fn credential(org: &[u8], claimed: &Claimed, sig_public: &[u8; 32]) -> PyResult<CredentialWithKey> {
    let (user, device, position) = claimed;
    let identity = Identity {
        org: Org::from_slice(org).map_err(failed)?,
        user: User::from_slice(user).map_err(failed)?,
        device: Device::from_slice(device).map_err(failed)?,
        position: *position,
    };
    Ok(identity.with_key(sig_public))
}

fn key_pair(seed: &[u8]) -> PyResult<KeyPair> {
    Ok(KeyPair::from_seed(seed.try_into().map_err(failed)?))
}

fn bytes(message: &MlsMessageOut) -> PyResult<Vec<u8>> {
    message.tls_serialize_detached().map_err(failed)
}

fn bend(name: &str) -> Bend {
    match name {
        "half_path" => Bend::HalfPath,
        "confirmation_tag" => Bend::ConfirmationTag,
        _ => Bend::None,
    }
}

/// What stands in a commit's authenticated_data.
#[pyfunction]
pub fn commit_aad(dir_n: u64, dir_hash: &[u8], time_ms: u64) -> PyResult<Vec<u8>> {
    let head = Head {
        n: dir_n,
        hash: dir_hash.try_into().map_err(failed)?,
    };
    Ok(CommitAad::new(head, time_ms).encode())
}

/// Settings, one version on, in which a person has a role.
#[pyfunction]
pub fn with_role(settings: &[u8], user: &[u8], role: &str) -> PyResult<Vec<u8>> {
    let mut settings = Settings::decode(settings).map_err(failed)?;
    let user = User::from_slice(user).map_err(failed)?;
    settings.version += 1;
    settings.roles.retain(|(of, _)| *of != user);
    settings
        .roles
        .push((user, ConversationRole::from_name(role).map_err(failed)?));
    settings.roles.sort_by_key(|(of, _)| *of);
    Ok(settings.encode())
}

/// A key package of anybody's name; its private half is thrown away.
#[pyfunction]
pub fn key_package(org: &[u8], claimed: Claimed, sig_seed: &[u8]) -> PyResult<Vec<u8>> {
    let signer = key_pair(sig_seed)?;
    let bundle = KeyPackage::builder()
        .leaf_node_capabilities(capabilities())
        .build(
            SUITE,
            &provider()?,
            &signer,
            credential(org, &claimed, signer.public())?,
        )
        .map_err(failed)?;
    bytes(&MlsMessageOut::from(bundle.key_package().clone()))
}

#[pymethods]
impl Member {
    /// The group in the rows of a device's disk, its keys without the engine's prefix.
    #[new]
    #[pyo3(signature = (conversation, group, rows, sig_seed, bent=""))]
    fn new(
        conversation: Vec<u8>,
        group: &[u8],
        rows: Vec<(Vec<u8>, Vec<u8>)>,
        sig_seed: &[u8],
        bent: &str,
    ) -> PyResult<Self> {
        let provider = provider()?;
        provider.storage().load(rows);
        let loaded = MlsGroup::load(provider.storage(), &GroupId::from_slice(group)).map_err(failed)?;
        Ok(Member {
            provider: BentProvider::new(provider, bend(bent))?,
            group: loaded.ok_or_else(|| failed("no such group on this disk"))?,
            signer: key_pair(sig_seed)?,
            conversation,
        })
    }

    /// A group made by whoever likes, with itself in it under any name.
    #[staticmethod]
    #[pyo3(signature = (conversation, group, org, claimed, sig_seed, kind, server_key=None))]
    fn create(
        conversation: Vec<u8>,
        group: &[u8],
        org: &[u8],
        claimed: Claimed,
        sig_seed: &[u8],
        kind: &str,
        server_key: Option<&[u8]>,
    ) -> PyResult<Self> {
        let user = User::from_slice(&claimed.0).map_err(failed)?;
        let settings = Settings::new(ConversationKind::from_name(kind).map_err(failed)?, user);
        let server_key = server_key.map(|key| key.try_into().map_err(failed)).transpose()?;
        let org_id = Org::from_slice(org).map_err(failed)?;
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(SUITE)
            .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(false)
            .capabilities(capabilities())
            .with_group_context_extensions(group_extensions(&settings, org_id, server_key).map_err(failed)?)
            .build();
        let provider = BentProvider::new(provider()?, Bend::None)?;
        let signer = key_pair(sig_seed)?;
        let who = credential(org, &claimed, signer.public())?;
        let id = GroupId::from_slice(group);
        let group = MlsGroup::new_with_group_id(&provider, &signer, &config, id, who).map_err(failed)?;
        Ok(Member {
            provider,
            group,
            signer,
            conversation,
        })
    }

    #[getter]
    fn epoch(&self) -> u64 {
        self.group.epoch().as_u64()
    }

    #[getter]
    fn settings(&self) -> PyResult<Vec<u8>> {
        Ok(Settings::of(self.group.extensions()).map_err(failed)?.encode())
    }

    fn export(&self, label: &str) -> PyResult<Vec<u8>> {
        self.group
            .export_secret(self.provider.crypto(), label, &self.conversation, SECRET_BYTES)
            .map_err(failed)
    }

    #[getter]
    fn tree_hash(&self) -> Vec<u8> {
        self.group.public_group().group_context().tree_hash().to_vec()
    }

    /// (leaf, user, device) of everybody.
    fn roster(&self) -> PyResult<Vec<(u32, Vec<u8>, Vec<u8>)>> {
        let who = |member: openmls::prelude::Member| {
            let identity = Identity::from_credential(&member.credential).map_err(failed)?;
            Ok((member.index.u32(), identity.user.0.to_vec(), identity.device.0.to_vec()))
        };
        self.group.members().map(who).collect()
    }

    fn group_info(&self) -> PyResult<Vec<u8>> {
        let info = self
            .group
            .export_group_info(self.provider.crypto(), &self.signer, false)
            .map_err(failed)?;
        bytes(&info)
    }

    fn tree(&self) -> PyResult<Vec<u8>> {
        self.group
            .export_ratchet_tree()
            .tls_serialize_detached()
            .map_err(failed)
    }

    /// Take a handshake message of the log as it comes, whatever it does. False: it is not this group's any more, or shuts it out.
    fn follow(&mut self, message: &[u8]) -> PyResult<bool> {
        let message = MlsMessageIn::tls_deserialize_exact(message).map_err(failed)?;
        let message = message.try_into_protocol_message().map_err(failed)?;
        let Ok(processed) = self.group.process_message(&self.provider, message) else {
            return Ok(false);
        };
        match processed.into_content() {
            ProcessedMessageContent::ProposalMessage(proposal) => self
                .group
                .store_pending_proposal(self.provider.storage(), *proposal)
                .map(|()| true)
                .map_err(failed),
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                let is_out = staged.self_removed();
                let merged = self.group.merge_staged_commit(&self.provider, *staged);
                Ok(merged.is_ok() && !is_out)
            }
            _ => Ok(false),
        }
    }

    /// Any commit. `claimed`: a new name for the own leaf. Pending proposals are left out unless `with_pending`.
    #[pyo3(signature = (aad, adds=vec![], removes=vec![], settings=None, has_path=true, with_pending=true, org=None, claimed=None))]
    #[allow(clippy::too_many_arguments)]
    fn commit(
        &mut self,
        aad: Vec<u8>,
        adds: Vec<Vec<u8>>,
        removes: Vec<u32>,
        settings: Option<&[u8]>,
        has_path: bool,
        with_pending: bool,
        org: Option<&[u8]>,
        claimed: Option<Claimed>,
    ) -> PyResult<Made> {
        self.group
            .clear_pending_commit(self.provider.storage())
            .map_err(failed)?;
        self.group.set_aad(aad);
        let adds: Vec<KeyPackage> = adds.iter().map(|add| self.read_package(add)).collect::<PyResult<_>>()?;
        let extensions = match settings {
            Some(settings) => {
                let settings = Settings::decode(settings).map_err(failed)?;
                Some(with_settings(self.group.extensions(), &settings).map_err(failed)?)
            }
            None => None,
        };
        let mut parameters = LeafNodeParameters::builder();
        if let (Some(org), Some(claimed)) = (org, &claimed) {
            parameters = parameters.with_credential_with_key(credential(org, claimed, self.signer.public())?);
        }
        let mut builder = self
            .group
            .commit_builder()
            .propose_adds(adds)
            .propose_removals(removes.into_iter().map(LeafNodeIndex::new))
            .force_self_update(has_path)
            .leaf_node_parameters(parameters.build());
        if let Some(extensions) = extensions {
            builder = builder.propose_group_context_extensions(extensions).map_err(failed)?;
        }
        let bundle = builder
            .load_psks(self.provider.storage())
            .map_err(failed)?
            .create_group_info(true)
            .build(self.provider.rand(), self.provider.crypto(), &self.signer, |queued| {
                with_pending
                    || matches!(queued.sender(), openmls::prelude::Sender::Member(leaf) if leaf.u32() == u32::MAX)
            })
            .map_err(failed)?
            .stage_commit(&self.provider)
            .map_err(failed)?;
        let (commit, welcome, info) = bundle.into_contents();
        let welcome = welcome
            .map(|welcome| bytes(&MlsMessageOut::from_welcome(welcome, ProtocolVersion::Mls10)))
            .transpose()?;
        let info = info.ok_or_else(|| failed("no GroupInfo"))?;
        let staged = self.group.pending_commit().ok_or_else(|| failed("no commit"))?;
        let export = |label| {
            staged
                .export_secret(self.provider.crypto(), label, &self.conversation, SECRET_BYTES)
                .map_err(failed)
        };
        Ok(Made {
            commit: bytes(&commit)?,
            welcome,
            group_info: bytes(&MlsMessageOut::from(info))?,
            tree: vec![],
            content_key: export("inmost/1 content")?,
            history_key: export("inmost/1 history")?,
            tree_hash: staged.group_context().tree_hash().to_vec(),
        })
    }

    /// Take the own commit as accepted.
    fn merge(&mut self) -> PyResult<()> {
        self.group.merge_pending_commit(&self.provider).map_err(failed)
    }

    /// The wish to leave, as a PublicMessage.
    fn self_remove(&mut self) -> PyResult<Vec<u8>> {
        let message = self
            .group
            .leave_group_via_self_remove(&self.provider, &self.signer)
            .map_err(failed)?;
        bytes(&message)
    }
}

impl Member {
    fn read_package(&self, bytes: &[u8]) -> PyResult<KeyPackage> {
        let message = MlsMessageIn::tls_deserialize_exact(bytes).map_err(failed)?;
        let MlsMessageBodyIn::KeyPackage(package) = message.extract() else {
            return Err(failed("not a key package"));
        };
        package
            .validate(self.provider.crypto(), ProtocolVersion::Mls10)
            .map_err(failed)
    }
}

/// An external commit under any name. `instead_of`: signature key of a leaf to be removed, whoever's it is.
#[pyfunction]
#[pyo3(signature = (conversation, group_info, tree, org, claimed, sig_seed, aad, instead_of=None))]
#[allow(clippy::too_many_arguments)]
pub fn external_commit(
    conversation: Vec<u8>,
    group_info: &[u8],
    tree: &[u8],
    org: &[u8],
    claimed: Claimed,
    sig_seed: &[u8],
    aad: Vec<u8>,
    instead_of: Option<&[u8]>,
) -> PyResult<(Member, Made)> {
    let message = MlsMessageIn::tls_deserialize_exact(group_info).map_err(failed)?;
    let MlsMessageBodyIn::GroupInfo(info) = message.extract() else {
        return Err(failed("not a GroupInfo"));
    };
    let signer = key_pair(sig_seed)?;
    let who = credential(org, &claimed, signer.public())?;
    let (tree, bend) = match instead_of {
        Some(victim) => masked(tree, victim, signer.public()),
        None => (tree.to_vec(), Bend::None),
    };
    let tree = RatchetTreeIn::tls_deserialize_exact(&tree[..]).map_err(failed)?;
    let provider = BentProvider::new(provider()?, bend)?;
    let built = MlsGroup::external_commit_builder()
        .with_ratchet_tree(tree)
        .with_config(join_config())
        .with_aad(aad)
        .skip_lifetime_validation()
        .build_group(&provider, info, who)
        .map_err(failed)?
        .leaf_node_parameters(LeafNodeParameters::builder().with_capabilities(capabilities()).build())
        .load_psks(provider.storage())
        .map_err(failed)?
        .create_group_info(true)
        .build(provider.rand(), provider.crypto(), &signer, |_| true)
        .map_err(failed)?;
    let (group, bundle) = built.finalize(&provider).map_err(failed)?;
    let (commit, _, info) = bundle.into_contents();
    let info = MlsMessageOut::from(info.ok_or_else(|| failed("no GroupInfo"))?);
    let (commit, group_info) = (bytes(&commit)?, bytes(&info)?);
    let member = Member {
        provider,
        group,
        signer,
        conversation,
    };
    let made = Made {
        commit,
        welcome: None,
        group_info,
        tree: member.tree()?,
        content_key: member.export("inmost/1 content")?,
        history_key: member.export("inmost/1 history")?,
        tree_hash: member.tree_hash(),
    };
    Ok((member, made))
}

/// OpenMLS removes the leaf with the joiner's own signature key, so the tree is given with that key in the victim's leaf,
/// and hashed with the victim's.
fn masked(tree: &[u8], victim: &[u8], own: &[u8; 32]) -> (Vec<u8>, Bend) {
    // A leaf is `encryption_key<V> signature_key<V> ...`; the last bytes of the encryption key make the place unique.
    const BEFORE: usize = 24;
    let at = tree
        .windows(victim.len())
        .position(|window| window == victim)
        .unwrap_or(BEFORE);
    let before = &tree[at - BEFORE..at];
    let (instead, shown) = ([before, victim].concat(), [before, &own[..]].concat());
    (replaced(tree, &instead, &shown), Bend::Mask { shown, instead })
}
