//! Making a commit: from what is wanted to a request that waits for its place in the log.

use inmost_public::commit::{commit_allowed, settings_after, AddView, CommitAad, CommitView, Committer, GroupView};
use inmost_public::credential::{is_capable, Leaf};
use inmost_public::ids::{sha256, Conversation, Head};
use inmost_public::limits::MAX_MEMBERS_WITHOUT_PATH;
use inmost_public::log;
use inmost_public::settings::{with_settings, Settings};
use inmost_public::Refusal;
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{KeyPackage, LeafNodeIndex, MlsMessageIn, MlsMessageOut, ProtocolMessage};
use openmls_traits::OpenMlsProvider;
use serde::{Deserialize, Serialize};

use crate::frames::{self, RequestId};
use crate::link::make_link;
use crate::machine::Machine;
use crate::rows::Row;
use crate::session::Asked;

use super::group::Exported;

/// What a pending request would do to the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PendingKind {
    Create,
    /// Fulfils these intents.
    Member {
        intents: Vec<u64>,
    },
    /// The joiner's group waits in the other slot. `base` is the log before the commit.
    External {
        slot: u8,
        base: Head,
    },
    Propose {
        intent: u64,
    },
}

/// A request whose effect waits for its place in the log; sent again with the same bytes until then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingCommit {
    pub id: RequestId,
    #[serde(with = "serde_bytes")]
    pub frame: Vec<u8>,
    /// SHA-256 of the MLS message, to know it again in the log.
    pub message: [u8; 32],
    pub epoch: u64,
    pub kind: PendingKind,
}

/// What a commit shall do.
#[derive(Default)]
pub struct Plan {
    pub adds: Vec<KeyPackage>,
    pub removes: Vec<u32>,
    pub settings: Option<Settings>,
    pub needs_path: bool,
    pub intents: Vec<u64>,
}

pub fn message_in(bytes: &[u8]) -> Result<ProtocolMessage, Refusal> {
    let message = MlsMessageIn::tls_deserialize_exact(bytes).map_err(|_| Refusal::Malformed)?;
    message.try_into_protocol_message().map_err(|_| Refusal::Malformed)
}

impl Machine {
    /// Make the commit, persist it, send it. It counts when it comes back in the log's order.
    pub(crate) fn make_commit(&mut self, conversation: Conversation, plan: Plan) -> Result<(), Refusal> {
        let view = self.group_view(conversation)?;
        let conv = self.conv(conversation)?;
        let aad = CommitAad::new(self.head()?, self.now.max(conv.state.last_time_ms));
        let planned = self.planned(&view, &plan, aad)?;
        let settings = plan
            .settings
            .clone()
            .or_else(|| settings_after(&view, &planned, &self.directory, aad.dir.n));
        let adds = view.facts.pathless_adds + plan.adds.len() as u64;
        let has_path =
            plan.needs_path || settings.is_some() || planned.gone().next().is_some() || adds > MAX_MEMBERS_WITHOUT_PATH;
        let made = self.build_commit(conversation, &plan, settings, has_path, &aad)?;
        let loaded = self.group(conversation)?;
        let staged = loaded.group.pending_commit().ok_or(Refusal::Corrupt)?;
        let sender = openmls::prelude::Sender::Member(loaded.group.own_leaf_index());
        let commit = CommitView::build(
            loaded.provider.crypto(),
            loaded.group.extensions(),
            &sender,
            &aad.encode(),
            staged,
        )?;
        let verdict = commit_allowed(&view, &commit, &self.directory);
        if let Err(refusal) = verdict {
            self.clear_commit(conversation)?;
            return Err(refusal);
        }
        let link = self.next_link(conversation)?;
        let (group, epoch) = (self.conv(conversation)?.state.group, view.epoch);
        let id = self.random();
        let message = sha256(&[&made.commit]);
        let request = frames::Commit {
            id,
            conversation,
            group,
            epoch,
            commit: made.commit,
            group_info: made.group_info,
            welcome: made.welcome,
            link,
        };
        let frame = frames::Request::from(request).encode();
        let pending = PendingCommit {
            id,
            frame,
            message,
            epoch,
            kind: PendingKind::Member { intents: plan.intents },
        };
        self.put_pending(conversation, pending, Asked::Commit(conversation))
    }

    pub(crate) fn put_pending(
        &mut self,
        conversation: Conversation,
        pending: PendingCommit,
        asked: Asked,
    ) -> Result<(), Refusal> {
        self.rows.put(Row::Pending(conversation), &pending);
        if self.session.is_connected() {
            self.session.resent.insert(pending.id);
        }
        self.ask_with(pending.id, asked, pending.frame.clone());
        self.conv_mut(conversation)?.pending = Some(pending);
        Ok(())
    }

    pub(crate) fn drop_pending(&mut self, conversation: Conversation) -> Option<PendingCommit> {
        self.rows.delete(Row::Pending(conversation));
        self.conversations.get_mut(&conversation)?.pending.take()
    }

    /// Back to before the own commit.
    pub(crate) fn clear_commit(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let loaded = self.group(conversation)?;
        loaded
            .group
            .clear_pending_commit(loaded.provider.storage())
            .map_err(|_| Refusal::Corrupt)
    }

    fn planned(&self, view: &GroupView, plan: &Plan, aad: CommitAad) -> Result<CommitView, Refusal> {
        let own = view.leaf_of(self.me()?.device).ok_or(Refusal::NotAMember)?;
        let pending = |by_server| {
            view.pending
                .iter()
                .filter(move |pending| pending.by_server == by_server && pending.leaf != own)
                .map(|pending| pending.leaf)
        };
        let add = |package: &KeyPackage| {
            Ok(AddView {
                leaf: Leaf::of(package.leaf_node())?,
                is_capable: is_capable(package.leaf_node()),
                reference: vec![],
            })
        };
        Ok(CommitView {
            committer: Committer::Member(own),
            adds: plan.adds.iter().map(add).collect::<Result<_, Refusal>>()?,
            removes: plan.removes.clone(),
            server_removes: pending(true).collect(),
            self_removes: pending(false).collect(),
            external_inits: 0,
            settings: None,
            keeps_frozen: true,
            is_known: true,
            has_path: true,
            path_leaf: None,
            aad,
        })
    }

    fn build_commit(
        &mut self,
        conversation: Conversation,
        plan: &Plan,
        settings: Option<Settings>,
        has_path: bool,
        aad: &CommitAad,
    ) -> Result<Made, Refusal> {
        self.group(conversation)?;
        let signer = &self.keys.as_ref().ok_or(Refusal::NotAllowed)?.sig;
        let loaded = self.groups.get_mut(&conversation).ok_or(Refusal::Corrupt)?;
        let provider = &loaded.provider;
        loaded
            .group
            .clear_pending_commit(provider.storage())
            .map_err(|_| Refusal::Corrupt)?;
        loaded.group.set_aad(aad.encode());
        let extensions = settings
            .map(|settings| with_settings(loaded.group.extensions(), &settings))
            .transpose()?;
        let own_leaf = loaded.group.own_leaf_index();
        let mut builder = loaded
            .group
            .commit_builder()
            .propose_adds(plan.adds.iter().cloned())
            .force_self_update(has_path);
        builder = builder.propose_removals(plan.removes.iter().map(|leaf| LeafNodeIndex::new(*leaf)));
        if let Some(extensions) = extensions {
            builder = builder
                .propose_group_context_extensions(extensions)
                .map_err(|_| Refusal::CommitMalformed)?;
        }
        let bundle = builder
            .load_psks(provider.storage())
            .map_err(|_| Refusal::CommitMalformed)?
            .create_group_info(true)
            .build(provider.rand(), provider.crypto(), signer, |queued| {
                !is_about(queued, own_leaf)
            })
            .map_err(|_| Refusal::CommitMalformed)?
            .stage_commit(provider)
            .map_err(|_| Refusal::Corrupt)?;
        let version = openmls::prelude::ProtocolVersion::Mls10;
        let (commit, welcome, group_info) = bundle.into_contents();
        let welcome = welcome
            .map(|welcome| serialized(&MlsMessageOut::from_welcome(welcome, version)))
            .transpose()?;
        let group_info = serialized(&MlsMessageOut::from(group_info.ok_or(Refusal::Corrupt)?))?;
        Ok(Made {
            commit: serialized(&commit)?,
            welcome,
            group_info,
        })
    }

    /// link_{e+1} for the commit that is pending: log entry of kind 5.
    fn next_link(&mut self, conversation: Conversation) -> Result<Option<Vec<u8>>, Refusal> {
        let epoch = self.conv(conversation)?.state.epoch;
        let next = self.group(conversation)?.exported_pending(conversation)?;
        self.signed_link(conversation, epoch + 1, &next)
    }

    /// The log entry with link_e, where this device holds the keys of e - 1.
    pub(crate) fn signed_link(
        &mut self,
        conversation: Conversation,
        epoch: u64,
        keys: &Exported,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(before) = epoch.checked_sub(1) else {
            return Ok(None);
        };
        self.epoch_keys(conversation, before)?;
        let conv = self.conv(conversation)?;
        let Some((before, history)) = conv
            .keys
            .get(&before)
            .and_then(|keys| Some((keys, keys.history.as_ref()?)))
        else {
            return Ok(None);
        };
        let link = make_link(
            &keys.history,
            conv.state.group,
            epoch,
            &before.content,
            &before.tree_hash,
            history,
        )?;
        let me = self.me()?;
        Ok(Some(
            log::Link::sign(
                &self.keys()?.sig,
                me.org,
                conversation,
                conv.state.group,
                epoch,
                link,
                me.device,
            )
            .encode(),
        ))
    }
}

struct Made {
    commit: Vec<u8>,
    welcome: Option<Vec<u8>>,
    group_info: Vec<u8>,
}

pub fn serialized(message: &MlsMessageOut) -> Result<Vec<u8>, Refusal> {
    message.tls_serialize_detached().map_err(|_| Refusal::Corrupt)
}

/// Nobody commits the own removal.
fn is_about(queued: &openmls::prelude::QueuedProposal, leaf: LeafNodeIndex) -> bool {
    use openmls::prelude::{Proposal, Sender};
    match (queued.proposal(), queued.sender()) {
        (Proposal::SelfRemove, Sender::Member(sender)) => *sender == leaf,
        (Proposal::Remove(remove), Sender::External(_)) => remove.removed() == leaf,
        _ => false,
    }
}
