//! MLS groups in memory: loaded from rows when needed, their changed rows written at the end of a step.

use inmost_public::commit::{GroupFacts, GroupView, Roster};
use inmost_public::credential::{Identity, SUITE};
use inmost_public::ids::{Conversation, Device};
use inmost_public::provider::Provider;
use inmost_public::Refusal;
use openmls::group::{GroupId, MlsGroup, MlsGroupCreateConfig, MlsGroupJoinConfig, PURE_PLAINTEXT_WIRE_FORMAT_POLICY};
use openmls::prelude::CredentialWithKey;
use openmls_traits::OpenMlsProvider;

use crate::keys::{ContentKey, HistoryKey, CONTENT_LABEL, HISTORY_LABEL, SECRET_BYTES};
use crate::machine::Machine;
use crate::rows::Row;

/// More groups than this are not kept in memory; a tree of 1,000 leaves is a megabyte.
const MAX_LOADED: usize = 24;

/// A group with the provider that holds its rows.
pub struct Loaded {
    pub provider: Provider,
    pub group: MlsGroup,
    pub slot: u8,
}

/// What the exporter gives for one epoch.
pub struct Exported {
    pub content: ContentKey,
    pub history: HistoryKey,
    pub tree_hash: [u8; 32],
}

pub fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .max_past_epochs(0)
        .use_ratchet_tree_extension(false)
        .build()
}

pub fn create_config() -> openmls::group::MlsGroupCreateConfigBuilder {
    MlsGroupCreateConfig::builder()
        .ciphersuite(SUITE)
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .max_past_epochs(0)
        .use_ratchet_tree_extension(false)
        .capabilities(inmost_public::credential::capabilities())
}

impl Machine {
    pub(crate) fn provider(&mut self) -> Result<Provider, Refusal> {
        let entropy = self.random();
        Provider::new(entropy)
    }

    /// The present group of a conversation.
    pub(crate) fn group(&mut self, conversation: Conversation) -> Result<&mut Loaded, Refusal> {
        let (slot, group) = {
            let conv = self.conv(conversation)?;
            (conv.state.slot, conv.state.group)
        };
        if self.groups.get(&conversation).is_none_or(|loaded| loaded.slot != slot) {
            self.make_room()?;
            let loaded = self.load_slot(conversation, slot, &group.0)?;
            self.groups.insert(conversation, loaded);
        }
        self.groups.get_mut(&conversation).ok_or(Refusal::Corrupt)
    }

    pub(crate) fn load_slot(&mut self, conversation: Conversation, slot: u8, group: &[u8]) -> Result<Loaded, Refusal> {
        let provider = self.provider()?;
        let prefix = Row::Group(conversation, slot).key();
        let rows = self
            .rows
            .with_prefix(&prefix)
            .into_iter()
            .map(|(key, value)| (key[prefix.len()..].to_vec(), value));
        provider.storage().load(rows);
        let group = MlsGroup::load(provider.storage(), &GroupId::from_slice(group))
            .map_err(|_| Refusal::Corrupt)?
            .ok_or(Refusal::Unknown)?;
        Ok(Loaded { provider, group, slot })
    }

    fn make_room(&mut self) -> Result<(), Refusal> {
        if self.groups.len() >= MAX_LOADED {
            self.save_groups()?;
            self.groups.pop_first();
        }
        Ok(())
    }

    /// Changed rows of all loaded groups go into this step's rows.
    pub(crate) fn save_groups(&mut self) -> Result<(), Refusal> {
        for (conversation, loaded) in &self.groups {
            write_delta(&mut self.rows, *conversation, loaded);
        }
        Ok(())
    }

    /// Take a group that was made in the other slot as the present one; the old one's rows go.
    pub(crate) fn switch_slot(&mut self, conversation: Conversation, slot: u8) -> Result<(), Refusal> {
        let old = self.conv(conversation)?.state.slot;
        self.groups.remove(&conversation);
        if old != slot {
            self.rows.delete_prefix(&Row::Group(conversation, old).key());
            self.conv_mut(conversation)?.state.slot = slot;
        }
        Ok(())
    }

    /// Keep a new group's rows in a slot.
    pub(crate) fn store_group(&mut self, conversation: Conversation, loaded: &Loaded) {
        let prefix = Row::Group(conversation, loaded.slot).key();
        self.rows.delete_prefix(&prefix);
        // All of them: what was read from rows, or moved here from another provider, is no change to this one.
        loaded.provider.storage().take_delta();
        for (key, value) in loaded.provider.storage().rows() {
            self.rows.put_bytes([&prefix[..], &key].concat(), value);
        }
    }

    pub(crate) fn own_credential(&self) -> Result<CredentialWithKey, Refusal> {
        let me = self.me()?;
        Ok(Identity::of(me.device, &self.directory)?.with_key(self.keys()?.sig.public()))
    }

    /// The facts about the group that decide on a commit.
    pub(crate) fn group_view(&mut self, conversation: Conversation) -> Result<GroupView, Refusal> {
        let facts = self.conv(conversation)?.facts();
        let loaded = self.group(conversation)?;
        view_of(&loaded.group, facts)
    }
}

pub fn view_of(group: &MlsGroup, facts: GroupFacts) -> Result<GroupView, Refusal> {
    GroupView::build(
        group.public_group().group_context(),
        group.members(),
        group.pending_proposals(),
        facts,
    )
}

fn write_delta(rows: &mut crate::rows::Rows, conversation: Conversation, loaded: &Loaded) {
    let prefix = Row::Group(conversation, loaded.slot).key();
    for (key, value) in loaded.provider.storage().take_delta() {
        let key = [&prefix[..], &key].concat();
        match value {
            Some(value) => rows.put_bytes(key, value),
            None => rows.delete_bytes(&key),
        }
    }
}

impl Loaded {
    pub fn exported(&self, conversation: Conversation) -> Result<Exported, Refusal> {
        let export = |label| {
            self.group
                .export_secret(self.provider.crypto(), label, &conversation.0, SECRET_BYTES)
                .map_err(|_| Refusal::NotAMember)
        };
        Ok(Exported {
            content: ContentKey::try_from(&export(CONTENT_LABEL)?[..])?,
            history: HistoryKey::try_from(&export(HISTORY_LABEL)?[..])?,
            tree_hash: self
                .group
                .public_group()
                .group_context()
                .tree_hash()
                .try_into()
                .map_err(|_| Refusal::Corrupt)?,
        })
    }

    /// The same of the next epoch, while its commit waits.
    pub fn exported_pending(&self, conversation: Conversation) -> Result<Exported, Refusal> {
        let staged = self.group.pending_commit().ok_or(Refusal::Corrupt)?;
        let export = |label| {
            staged
                .export_secret(self.provider.crypto(), label, &conversation.0, SECRET_BYTES)
                .map_err(|_| Refusal::Corrupt)
        };
        Ok(Exported {
            content: ContentKey::try_from(&export(CONTENT_LABEL)?[..])?,
            history: HistoryKey::try_from(&export(HISTORY_LABEL)?[..])?,
            tree_hash: staged
                .group_context()
                .tree_hash()
                .try_into()
                .map_err(|_| Refusal::Corrupt)?,
        })
    }
}

/// The place of an own leaf among all: who is first acts first.
pub fn rank_of(roster: &Roster, device: Device) -> u64 {
    roster
        .values()
        .position(|leaf| leaf.identity.device == device)
        .unwrap_or(roster.len()) as u64
}
