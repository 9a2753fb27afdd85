//! For tests: a device with a real MlsGroup.

use openmls::prelude::{
    CommitMessageBundle, Extensions, GroupContext, GroupId, KeyPackage, LeafNodeIndex, LeafNodeParameters, Lifetime,
    MlsGroup, MlsGroupJoinConfig, MlsMessageBodyIn, MlsMessageOut, ProcessedMessageContent, RatchetTreeIn,
    StagedWelcome, PURE_PLAINTEXT_WIRE_FORMAT_POLICY,
};
use openmls_traits::OpenMlsProvider;
use tls_codec::{Deserialize, Serialize};

use super::{mls_message, protocol_message, public_message, Upload};
use crate::commit::CommitAad;
use crate::credential::{capabilities, Identity, SUITE};
use crate::fixture::{TestDevice, World};
use crate::ids::{Conversation, Group};
use crate::log::Link;
use crate::provider::Provider;
use crate::settings::{group_extensions, Settings};

pub const CONVERSATION: Conversation = Conversation([0xC0; 16]);
pub const GROUP: Group = Group([0x60; 16]);

pub struct Client {
    pub provider: Provider,
    pub device: TestDevice,
    pub identity: Identity,
    pub group: Option<MlsGroup>,
    /// Of its leaves; frozen vectors never expire.
    pub lifetime: Lifetime,
}

/// A commit with all that is uploaded with it.
#[derive(Clone)]
pub struct Sent {
    pub commit: Vec<u8>,
    pub group_info: Vec<u8>,
    pub welcome: Option<Vec<u8>>,
    pub link: Option<Vec<u8>>,
}

impl Sent {
    pub fn upload(&self) -> Upload<'_> {
        Upload { group_info: &self.group_info, welcome: self.welcome.as_deref(), link: self.link.as_deref() }
    }
}

/// What a commit does, in the words of the builder.
#[derive(Default)]
pub struct Doing {
    pub adds: Vec<KeyPackage>,
    pub removes: Vec<u32>,
    pub extensions: Option<Extensions<GroupContext>>,
    pub with_path: bool,
    pub aad: Option<Vec<u8>>,
}

fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(false)
        .build()
}

impl Client {
    pub fn new(world: &World, device: &TestDevice) -> Self {
        let provider = Provider::new(device.id.0.repeat(2).try_into().unwrap()).unwrap();
        let identity = Identity::of(device.id, &world.directory).unwrap();
        Client { provider, device: device.clone(), identity, group: None, lifetime: Lifetime::default() }
    }

    pub fn group(&mut self) -> &mut MlsGroup {
        self.group.as_mut().unwrap()
    }

    /// Creates the group: (GroupInfo, tree).
    pub fn create(&mut self, world: &World, settings: &Settings) -> (Vec<u8>, Vec<u8>) {
        let extensions = group_extensions(settings, world.directory.org(), world.directory.server_key()).unwrap();
        self.create_with(extensions)
    }

    pub fn create_with(&mut self, extensions: Extensions<GroupContext>) -> (Vec<u8>, Vec<u8>) {
        let group = MlsGroup::builder()
            .with_group_id(GroupId::from_slice(&GROUP.0))
            .replace_old_group()
            .ciphersuite(SUITE)
            .with_wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(false)
            .with_capabilities(capabilities())
            .lifetime(self.lifetime)
            .with_group_context_extensions(extensions)
            .build(&self.provider, &self.device.sig, self.identity.with_key(self.device.sig.public()))
            .unwrap();
        let info = group.export_group_info(self.provider.crypto(), &self.device.sig, false).unwrap();
        let tree = group.export_ratchet_tree().tls_serialize_detached().unwrap();
        self.group = Some(group);
        (info.to_bytes().unwrap(), tree)
    }

    pub fn key_package(&self) -> KeyPackage {
        let credential = self.identity.with_key(self.device.sig.public());
        let builder = KeyPackage::builder().leaf_node_capabilities(capabilities()).key_package_lifetime(self.lifetime);
        let bundle = builder.build(SUITE, &self.provider, &self.device.sig, credential).unwrap();
        bundle.key_package().clone()
    }

    /// A commit by a member; it stays pending.
    pub fn commit(&mut self, world: &World, doing: Doing) -> Sent {
        let aad = CommitAad::new(world.directory.head().unwrap(), world.time_ms).encode();
        let (provider, device) = (&self.provider, &self.device);
        let group = self.group.as_mut().unwrap();
        group.clear_pending_commit(provider.storage()).unwrap();
        group.set_aad(doing.aad.unwrap_or(aad));
        let mut builder = group
            .commit_builder()
            .propose_adds(doing.adds)
            .propose_removals(doing.removes.into_iter().map(LeafNodeIndex::new))
            .force_self_update(doing.with_path);
        if let Some(extensions) = doing.extensions {
            builder = builder.propose_group_context_extensions(extensions).unwrap();
        }
        let bundle = builder
            .load_psks(provider.storage())
            .unwrap()
            .create_group_info(true)
            .build(provider.rand(), provider.crypto(), &device.sig, |_| true)
            .unwrap()
            .stage_commit(provider)
            .unwrap();
        let epoch = group.epoch().as_u64() + 1;
        sent(device, epoch, bundle)
    }

    /// An external commit from what the server serves.
    pub fn join_externally(&mut self, world: &World, group_info: &[u8], tree: &[u8]) -> Sent {
        let MlsMessageBodyIn::GroupInfo(info) = mls_message(group_info).unwrap() else { panic!("no GroupInfo") };
        let epoch = info.epoch().as_u64() + 1;
        let aad = CommitAad::new(world.directory.head().unwrap(), world.time_ms).encode();
        let parameters = LeafNodeParameters::builder().with_capabilities(capabilities()).build();
        let (group, bundle) = MlsGroup::external_commit_builder()
            .with_ratchet_tree(RatchetTreeIn::tls_deserialize_exact(tree).unwrap())
            .with_config(join_config())
            .with_aad(aad)
            .build_group(&self.provider, info, self.identity.with_key(self.device.sig.public()))
            .unwrap()
            .leaf_node_parameters(parameters)
            .load_psks(self.provider.storage())
            .unwrap()
            .create_group_info(true)
            .build(self.provider.rand(), self.provider.crypto(), &self.device.sig, |_| true)
            .unwrap()
            .finalize(&self.provider)
            .unwrap();
        self.group = Some(group);
        sent(&self.device, epoch, bundle)
    }

    pub fn merge_own(&mut self) {
        let (provider, group) = (&self.provider, self.group.as_mut().unwrap());
        group.merge_pending_commit(provider).unwrap();
    }

    /// Processes a commit or proposal of somebody else.
    pub fn process(&mut self, message: &[u8]) {
        let (provider, group) = (&self.provider, self.group.as_mut().unwrap());
        let message = protocol_message(public_message(message).unwrap());
        match group.process_message(provider, message).unwrap().into_content() {
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                group.merge_staged_commit(provider, *staged).unwrap()
            }
            ProcessedMessageContent::ProposalMessage(proposal) => {
                group.store_pending_proposal(provider.storage(), *proposal).unwrap();
            }
            _ => panic!("neither commit nor proposal"),
        }
    }

    pub fn join_by_welcome(&mut self, welcome: &[u8], tree: &[u8]) {
        let MlsMessageBodyIn::Welcome(welcome) = mls_message(welcome).unwrap() else { panic!("no Welcome") };
        let tree = RatchetTreeIn::tls_deserialize_exact(tree).unwrap();
        let staged = StagedWelcome::new_from_welcome(&self.provider, &join_config(), welcome, Some(tree)).unwrap();
        self.group = Some(staged.into_group(&self.provider).unwrap());
    }

    pub fn leave(&mut self) -> Vec<u8> {
        let (provider, device) = (&self.provider, &self.device);
        let group = self.group.as_mut().unwrap();
        group.leave_group_via_self_remove(provider, &device.sig).unwrap().to_bytes().unwrap()
    }
}

fn sent(device: &TestDevice, epoch: u64, bundle: CommitMessageBundle) -> Sent {
    let bytes = |message: MlsMessageOut| message.to_bytes().unwrap();
    let (commit, welcome, info) = bundle.into_messages();
    let link = Link::sign(&device.sig, crate::fixture::ORG, CONVERSATION, GROUP, epoch, vec![1; 90], device.id);
    Sent {
        commit: bytes(commit),
        group_info: bytes(info.unwrap()),
        welcome: welcome.map(bytes),
        link: Some(link.encode()),
    }
}
