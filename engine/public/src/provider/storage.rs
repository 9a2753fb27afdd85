//! OpenMLS's storage over rows: which row each of its entities is.
//!
//! Key = `group_prefix(group) || label || rest` for what belongs to a group, `o || label || id` for a device's own keys.

use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use openmls_traits::storage::{traits, Key, StorageProvider, CURRENT_VERSION};
use serde::{de::DeserializeOwned, Serialize};

use super::rows::{group_prefix, Changes, Overlay};
use super::{codec, tree, StorageError};

const GROUP_JOIN_CONFIG: u8 = 1;
const GROUP_OWN_LEAF_NODES: u8 = 2;
const GROUP_STATE: u8 = 3;
const GROUP_PROPOSAL: u8 = 4;
const GROUP_PROPOSAL_ORDER: u8 = 5;
const GROUP_OWN_LEAF_INDEX: u8 = 6;
const GROUP_EPOCH_SECRETS: u8 = 7;
const GROUP_RESUMPTION_PSKS: u8 = 8;
const GROUP_MESSAGE_SECRETS: u8 = 9;
const GROUP_TREE: u8 = 10;
const GROUP_CONTEXT: u8 = 11;
const GROUP_INTERIM_TRANSCRIPT_HASH: u8 = 12;
const GROUP_CONFIRMATION_TAG: u8 = 13;
const GROUP_APPLICATION_EXPORT_TREE: u8 = 14;
const GROUP_EPOCH_KEYS: u8 = 15;

const KEY_PACKAGE: u8 = 1;
const PSK: u8 = 2;
const ENCRYPTION_KEY_PAIR: u8 = 3;
const SIGNATURE_KEY_PAIR: u8 = 4;

/// Rows in memory with an overlay of changes; the host persists what `take_delta` gives.
#[derive(Default)]
pub struct Storage(RwLock<Overlay>);

impl Storage {
    /// The changed rows, by key; from here on they count as persisted.
    pub fn take_delta(&self) -> Changes {
        self.write().take_delta()
    }

    /// Throw the changes away. Groups loaded from them must be loaded again.
    pub fn discard(&self) {
        self.write().discard();
    }

    /// Rows as they were persisted.
    pub fn load(&self, rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) {
        self.write().load(rows);
    }

    /// Forget the persisted rows of a group, to save memory.
    pub fn unload_group(&self, group: &[u8]) {
        self.write().unload(&group_prefix(group));
    }

    /// All rows of a group as they are now, changes included.
    pub fn rows_of_group(&self, group: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.read().rows_with(&group_prefix(group))
    }

    /// Every row as it is now, changes included.
    pub fn rows(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.read().rows_with(b"")
    }

    /// Delete all rows of a group.
    pub fn delete_group(&self, group: &[u8]) {
        self.write().delete_with(&group_prefix(group));
    }

    /// A row of our own beside a group's: labels from 0x80 on are not OpenMLS's.
    pub fn own_row(&self, group: &[u8], label: u8) -> Option<Vec<u8>> {
        self.read().get(&own_row_key(group, label)).cloned()
    }

    pub fn put_own_row(&self, group: &[u8], label: u8, value: Vec<u8>) {
        self.write().put(own_row_key(group, label), value);
    }

    pub fn delete_own_row(&self, group: &[u8], label: u8) {
        self.write().delete(&own_row_key(group, label));
    }

    fn read(&self) -> RwLockReadGuard<'_, Overlay> {
        self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, Overlay> {
        self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn get<V: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<V>, StorageError> {
        self.read().get(key).map(|bytes| codec::from_bytes(bytes)).transpose()
    }

    fn put<V: Serialize + ?Sized>(&self, key: Vec<u8>, value: &V) -> Result<(), StorageError> {
        let value = codec::to_bytes(&value)?;
        self.write().put(key, value);
        Ok(())
    }

    fn delete(&self, key: &[u8]) -> Result<(), StorageError> {
        self.write().delete(key);
        Ok(())
    }

    fn encoded_list(&self, key: &[u8]) -> Result<Vec<Vec<u8>>, StorageError> {
        Ok(self.get(key)?.unwrap_or_default())
    }

    fn list<V: DeserializeOwned>(&self, key: &[u8]) -> Result<Vec<V>, StorageError> {
        self.encoded_list(key)?.iter().map(|value| codec::from_bytes(value)).collect()
    }

    fn append(&self, key: Vec<u8>, value: &impl Serialize) -> Result<(), StorageError> {
        let mut list = self.encoded_list(&key)?;
        list.push(codec::to_bytes(value)?);
        self.put(key, &list)
    }

    fn remove_from_list(&self, key: Vec<u8>, value: &impl Serialize) -> Result<(), StorageError> {
        let (mut list, gone) = (self.encoded_list(&key)?, codec::to_bytes(value)?);
        list.retain(|value| *value != gone);
        if list.is_empty() {
            self.delete(&key)
        } else {
            self.put(key, &list)
        }
    }
}

fn own_row_key(group: &[u8], label: u8) -> Vec<u8> {
    let mut key = group_prefix(group);
    key.push(label);
    key
}

fn group_key(label: u8, group: &impl Key<CURRENT_VERSION>) -> Result<Vec<u8>, StorageError> {
    let mut key = group_prefix(&codec::key_bytes(group)?);
    key.push(label);
    Ok(key)
}

fn own_key(label: u8, id: &impl Key<CURRENT_VERSION>) -> Result<Vec<u8>, StorageError> {
    let mut key = vec![b'o', label];
    key.extend(codec::key_bytes(id)?);
    Ok(key)
}

fn proposal_key(group: &impl Key<CURRENT_VERSION>, reference: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    let mut key = group_key(GROUP_PROPOSAL, group)?;
    key.extend(codec::key_bytes(reference)?);
    Ok(key)
}

fn epoch_keys_key(
    group: &impl Key<CURRENT_VERSION>,
    epoch: &impl Key<CURRENT_VERSION>,
    leaf_index: u32,
) -> Result<Vec<u8>, StorageError> {
    let mut key = group_key(GROUP_EPOCH_KEYS, group)?;
    key.extend(codec::key_bytes(epoch)?);
    key.extend_from_slice(&leaf_index.to_be_bytes());
    Ok(key)
}

impl StorageProvider<CURRENT_VERSION> for Storage {
    type Error = StorageError;

    fn write_mls_join_config<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        MlsGroupJoinConfig: traits::MlsGroupJoinConfig<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        config: &MlsGroupJoinConfig,
    ) -> Result<(), StorageError> {
        self.put(group_key(GROUP_JOIN_CONFIG, group_id)?, config)
    }

    fn append_own_leaf_node<GroupId: traits::GroupId<CURRENT_VERSION>, LeafNode: traits::LeafNode<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
        leaf_node: &LeafNode,
    ) -> Result<(), StorageError> {
        self.append(group_key(GROUP_OWN_LEAF_NODES, group_id)?, leaf_node)
    }

    fn queue_proposal<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
        QueuedProposal: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        proposal_ref: &ProposalRef,
        proposal: &QueuedProposal,
    ) -> Result<(), StorageError> {
        self.put(proposal_key(group_id, proposal_ref)?, proposal)?;
        self.append(group_key(GROUP_PROPOSAL_ORDER, group_id)?, proposal_ref)
    }

    fn write_tree<GroupId: traits::GroupId<CURRENT_VERSION>, TreeSync: traits::TreeSync<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
        tree: &TreeSync,
    ) -> Result<(), StorageError> {
        let prefix = group_key(GROUP_TREE, group_id)?;
        tree::put(&mut self.write(), &prefix, &codec::to_bytes(tree)?)
    }

    fn write_interim_transcript_hash<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        InterimTranscriptHash: traits::InterimTranscriptHash<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        interim_transcript_hash: &InterimTranscriptHash,
    ) -> Result<(), StorageError> {
        self.put(group_key(GROUP_INTERIM_TRANSCRIPT_HASH, group_id)?, interim_transcript_hash)
    }

    fn write_context<GroupId: traits::GroupId<CURRENT_VERSION>, GroupContext: traits::GroupContext<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
        group_context: &GroupContext,
    ) -> Result<(), StorageError> {
        self.put(group_key(GROUP_CONTEXT, group_id)?, group_context)
    }

    fn write_confirmation_tag<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ConfirmationTag: traits::ConfirmationTag<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        confirmation_tag: &ConfirmationTag,
    ) -> Result<(), StorageError> {
        self.put(group_key(GROUP_CONFIRMATION_TAG, group_id)?, confirmation_tag)
    }

    fn write_group_state<GroupState: traits::GroupState<CURRENT_VERSION>, GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
        group_state: &GroupState,
    ) -> Result<(), StorageError> {
        self.put(group_key(GROUP_STATE, group_id)?, group_state)
    }

    fn write_message_secrets<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        MessageSecrets: traits::MessageSecrets<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        message_secrets: &MessageSecrets,
    ) -> Result<(), StorageError> {
        self.put(group_key(GROUP_MESSAGE_SECRETS, group_id)?, message_secrets)
    }

    fn write_resumption_psk_store<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ResumptionPskStore: traits::ResumptionPskStore<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        resumption_psk_store: &ResumptionPskStore,
    ) -> Result<(), StorageError> {
        self.put(group_key(GROUP_RESUMPTION_PSKS, group_id)?, resumption_psk_store)
    }

    fn write_own_leaf_index<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        LeafNodeIndex: traits::LeafNodeIndex<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        own_leaf_index: &LeafNodeIndex,
    ) -> Result<(), StorageError> {
        self.put(group_key(GROUP_OWN_LEAF_INDEX, group_id)?, own_leaf_index)
    }

    fn write_group_epoch_secrets<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        GroupEpochSecrets: traits::GroupEpochSecrets<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        group_epoch_secrets: &GroupEpochSecrets,
    ) -> Result<(), StorageError> {
        self.put(group_key(GROUP_EPOCH_SECRETS, group_id)?, group_epoch_secrets)
    }

    fn write_application_export_tree<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ApplicationExportTree: traits::ApplicationExportTree<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        application_export_tree: &ApplicationExportTree,
    ) -> Result<(), StorageError> {
        self.put(group_key(GROUP_APPLICATION_EXPORT_TREE, group_id)?, application_export_tree)
    }

    fn write_signature_key_pair<
        SignaturePublicKey: traits::SignaturePublicKey<CURRENT_VERSION>,
        SignatureKeyPair: traits::SignatureKeyPair<CURRENT_VERSION>,
    >(
        &self,
        public_key: &SignaturePublicKey,
        signature_key_pair: &SignatureKeyPair,
    ) -> Result<(), StorageError> {
        self.put(own_key(SIGNATURE_KEY_PAIR, public_key)?, signature_key_pair)
    }

    fn write_encryption_key_pair<
        EncryptionKey: traits::EncryptionKey<CURRENT_VERSION>,
        HpkeKeyPair: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        public_key: &EncryptionKey,
        key_pair: &HpkeKeyPair,
    ) -> Result<(), StorageError> {
        self.put(own_key(ENCRYPTION_KEY_PAIR, public_key)?, key_pair)
    }

    fn write_encryption_epoch_key_pairs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        EpochKey: traits::EpochKey<CURRENT_VERSION>,
        HpkeKeyPair: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        epoch: &EpochKey,
        leaf_index: u32,
        key_pairs: &[HpkeKeyPair],
    ) -> Result<(), StorageError> {
        self.put(epoch_keys_key(group_id, epoch, leaf_index)?, key_pairs)
    }

    fn write_key_package<
        HashReference: traits::HashReference<CURRENT_VERSION>,
        KeyPackage: traits::KeyPackage<CURRENT_VERSION>,
    >(
        &self,
        hash_ref: &HashReference,
        key_package: &KeyPackage,
    ) -> Result<(), StorageError> {
        self.put(own_key(KEY_PACKAGE, hash_ref)?, key_package)
    }

    fn write_psk<PskId: traits::PskId<CURRENT_VERSION>, PskBundle: traits::PskBundle<CURRENT_VERSION>>(
        &self,
        psk_id: &PskId,
        psk: &PskBundle,
    ) -> Result<(), StorageError> {
        self.put(own_key(PSK, psk_id)?, psk)
    }

    fn mls_group_join_config<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        MlsGroupJoinConfig: traits::MlsGroupJoinConfig<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<MlsGroupJoinConfig>, StorageError> {
        self.get(&group_key(GROUP_JOIN_CONFIG, group_id)?)
    }

    fn own_leaf_nodes<GroupId: traits::GroupId<CURRENT_VERSION>, LeafNode: traits::LeafNode<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<Vec<LeafNode>, StorageError> {
        self.list(&group_key(GROUP_OWN_LEAF_NODES, group_id)?)
    }

    fn queued_proposal_refs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<Vec<ProposalRef>, StorageError> {
        self.list(&group_key(GROUP_PROPOSAL_ORDER, group_id)?)
    }

    fn queued_proposals<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
        QueuedProposal: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<Vec<(ProposalRef, QueuedProposal)>, StorageError> {
        let refs: Vec<ProposalRef> = self.list(&group_key(GROUP_PROPOSAL_ORDER, group_id)?)?;
        refs.into_iter()
            .map(|reference| {
                let proposal = self.get(&proposal_key(group_id, &reference)?)?.ok_or(StorageError)?;
                Ok((reference, proposal))
            })
            .collect()
    }

    fn tree<GroupId: traits::GroupId<CURRENT_VERSION>, TreeSync: traits::TreeSync<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<TreeSync>, StorageError> {
        let prefix = group_key(GROUP_TREE, group_id)?;
        let tree = tree::get(&self.read(), &prefix)?;
        tree.map(|tree| codec::from_bytes(&tree)).transpose()
    }

    fn group_context<GroupId: traits::GroupId<CURRENT_VERSION>, GroupContext: traits::GroupContext<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<GroupContext>, StorageError> {
        self.get(&group_key(GROUP_CONTEXT, group_id)?)
    }

    fn interim_transcript_hash<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        InterimTranscriptHash: traits::InterimTranscriptHash<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<InterimTranscriptHash>, StorageError> {
        self.get(&group_key(GROUP_INTERIM_TRANSCRIPT_HASH, group_id)?)
    }

    fn confirmation_tag<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ConfirmationTag: traits::ConfirmationTag<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<ConfirmationTag>, StorageError> {
        self.get(&group_key(GROUP_CONFIRMATION_TAG, group_id)?)
    }

    fn group_state<GroupState: traits::GroupState<CURRENT_VERSION>, GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<GroupState>, StorageError> {
        self.get(&group_key(GROUP_STATE, group_id)?)
    }

    fn message_secrets<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        MessageSecrets: traits::MessageSecrets<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<MessageSecrets>, StorageError> {
        self.get(&group_key(GROUP_MESSAGE_SECRETS, group_id)?)
    }

    fn resumption_psk_store<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ResumptionPskStore: traits::ResumptionPskStore<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<ResumptionPskStore>, StorageError> {
        self.get(&group_key(GROUP_RESUMPTION_PSKS, group_id)?)
    }

    fn own_leaf_index<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        LeafNodeIndex: traits::LeafNodeIndex<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<LeafNodeIndex>, StorageError> {
        self.get(&group_key(GROUP_OWN_LEAF_INDEX, group_id)?)
    }

    fn group_epoch_secrets<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        GroupEpochSecrets: traits::GroupEpochSecrets<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<GroupEpochSecrets>, StorageError> {
        self.get(&group_key(GROUP_EPOCH_SECRETS, group_id)?)
    }

    fn signature_key_pair<
        SignaturePublicKey: traits::SignaturePublicKey<CURRENT_VERSION>,
        SignatureKeyPair: traits::SignatureKeyPair<CURRENT_VERSION>,
    >(
        &self,
        public_key: &SignaturePublicKey,
    ) -> Result<Option<SignatureKeyPair>, StorageError> {
        self.get(&own_key(SIGNATURE_KEY_PAIR, public_key)?)
    }

    fn encryption_key_pair<
        HpkeKeyPair: traits::HpkeKeyPair<CURRENT_VERSION>,
        EncryptionKey: traits::EncryptionKey<CURRENT_VERSION>,
    >(
        &self,
        public_key: &EncryptionKey,
    ) -> Result<Option<HpkeKeyPair>, StorageError> {
        self.get(&own_key(ENCRYPTION_KEY_PAIR, public_key)?)
    }

    fn encryption_epoch_key_pairs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        EpochKey: traits::EpochKey<CURRENT_VERSION>,
        HpkeKeyPair: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        epoch: &EpochKey,
        leaf_index: u32,
    ) -> Result<Vec<HpkeKeyPair>, StorageError> {
        Ok(self.get(&epoch_keys_key(group_id, epoch, leaf_index)?)?.unwrap_or_default())
    }

    fn key_package<
        KeyPackageRef: traits::HashReference<CURRENT_VERSION>,
        KeyPackage: traits::KeyPackage<CURRENT_VERSION>,
    >(
        &self,
        hash_ref: &KeyPackageRef,
    ) -> Result<Option<KeyPackage>, StorageError> {
        self.get(&own_key(KEY_PACKAGE, hash_ref)?)
    }

    fn psk<PskBundle: traits::PskBundle<CURRENT_VERSION>, PskId: traits::PskId<CURRENT_VERSION>>(
        &self,
        psk_id: &PskId,
    ) -> Result<Option<PskBundle>, StorageError> {
        self.get(&own_key(PSK, psk_id)?)
    }

    fn application_export_tree<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ApplicationExportTree: traits::ApplicationExportTree<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<Option<ApplicationExportTree>, StorageError> {
        self.get(&group_key(GROUP_APPLICATION_EXPORT_TREE, group_id)?)
    }

    fn remove_proposal<GroupId: traits::GroupId<CURRENT_VERSION>, ProposalRef: traits::ProposalRef<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
        proposal_ref: &ProposalRef,
    ) -> Result<(), StorageError> {
        self.delete(&proposal_key(group_id, proposal_ref)?)?;
        self.remove_from_list(group_key(GROUP_PROPOSAL_ORDER, group_id)?, proposal_ref)
    }

    fn delete_own_leaf_nodes<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_OWN_LEAF_NODES, group_id)?)
    }

    fn delete_group_config<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_JOIN_CONFIG, group_id)?)
    }

    fn delete_tree<GroupId: traits::GroupId<CURRENT_VERSION>>(&self, group_id: &GroupId) -> Result<(), StorageError> {
        let prefix = group_key(GROUP_TREE, group_id)?;
        tree::delete(&mut self.write(), &prefix);
        Ok(())
    }

    fn delete_confirmation_tag<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_CONFIRMATION_TAG, group_id)?)
    }

    fn delete_group_state<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_STATE, group_id)?)
    }

    fn delete_context<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_CONTEXT, group_id)?)
    }

    fn delete_interim_transcript_hash<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_INTERIM_TRANSCRIPT_HASH, group_id)?)
    }

    fn delete_message_secrets<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_MESSAGE_SECRETS, group_id)?)
    }

    fn delete_all_resumption_psk_secrets<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_RESUMPTION_PSKS, group_id)?)
    }

    fn delete_own_leaf_index<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_OWN_LEAF_INDEX, group_id)?)
    }

    fn delete_group_epoch_secrets<GroupId: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_EPOCH_SECRETS, group_id)?)
    }

    fn clear_proposal_queue<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ProposalRef: traits::ProposalRef<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        // Both the proposals and their order: openmls_memory_storage leaves the proposals behind.
        let (order, proposals) = (group_key(GROUP_PROPOSAL_ORDER, group_id)?, group_key(GROUP_PROPOSAL, group_id)?);
        let mut rows = self.write();
        rows.delete(&order);
        rows.delete_with(&proposals);
        Ok(())
    }

    fn delete_signature_key_pair<SignaturePublicKey: traits::SignaturePublicKey<CURRENT_VERSION>>(
        &self,
        public_key: &SignaturePublicKey,
    ) -> Result<(), StorageError> {
        self.delete(&own_key(SIGNATURE_KEY_PAIR, public_key)?)
    }

    fn delete_encryption_key_pair<EncryptionKey: traits::EncryptionKey<CURRENT_VERSION>>(
        &self,
        public_key: &EncryptionKey,
    ) -> Result<(), StorageError> {
        self.delete(&own_key(ENCRYPTION_KEY_PAIR, public_key)?)
    }

    fn delete_encryption_epoch_key_pairs<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        EpochKey: traits::EpochKey<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
        epoch: &EpochKey,
        leaf_index: u32,
    ) -> Result<(), StorageError> {
        self.delete(&epoch_keys_key(group_id, epoch, leaf_index)?)
    }

    fn delete_key_package<KeyPackageRef: traits::HashReference<CURRENT_VERSION>>(
        &self,
        hash_ref: &KeyPackageRef,
    ) -> Result<(), StorageError> {
        self.delete(&own_key(KEY_PACKAGE, hash_ref)?)
    }

    fn delete_psk<PskKey: traits::PskId<CURRENT_VERSION>>(&self, psk_id: &PskKey) -> Result<(), StorageError> {
        self.delete(&own_key(PSK, psk_id)?)
    }

    fn delete_application_export_tree<
        GroupId: traits::GroupId<CURRENT_VERSION>,
        ApplicationExportTree: traits::ApplicationExportTree<CURRENT_VERSION>,
    >(
        &self,
        group_id: &GroupId,
    ) -> Result<(), StorageError> {
        self.delete(&group_key(GROUP_APPLICATION_EXPORT_TREE, group_id)?)
    }
}
