//! The views of a group and a commit, from OpenMLS: the same for PublicGroup (server) and MlsGroup (engine).

use openmls::prelude::{
    Extensions, GroupContext, Member, OpenMlsCrypto, Proposal, ProposalOrRefType, QueuedProposal, Sender, StagedCommit,
};

use super::view::{AddView, CommitAad, CommitView, Committer, GroupFacts, GroupView, JoinerView, Pending, Roster};
use crate::credential::{is_capable, Leaf};
use crate::refusal::Refusal;
use crate::settings::{frozen, Settings};

impl GroupView {
    /// `group.members()`, `group.export_group_context()` or `group_context()`, and the proposals that are pending.
    pub fn build<'a>(
        context: &GroupContext,
        members: impl Iterator<Item = Member>,
        pending: impl Iterator<Item = &'a QueuedProposal>,
        facts: GroupFacts,
    ) -> Result<Self, Refusal> {
        let mut roster = Roster::new();
        for member in members {
            roster.insert(member.index.u32(), Leaf::new(&member.credential, &member.signature_key)?);
        }
        Ok(GroupView {
            epoch: context.epoch().as_u64(),
            settings: Settings::of(context.extensions())?,
            roster,
            pending: pending.filter_map(pending_removal).collect(),
            facts,
        })
    }
}

fn pending_removal(queued: &QueuedProposal) -> Option<Pending> {
    match (queued.proposal(), queued.sender()) {
        (Proposal::Remove(remove), Sender::External(_)) => {
            Some(Pending { leaf: remove.removed().u32(), by_server: true })
        }
        (Proposal::SelfRemove, Sender::Member(leaf)) => Some(Pending { leaf: leaf.u32(), by_server: false }),
        _ => None,
    }
}

impl CommitView {
    /// `context`: of the epoch that the commit applies to. `sender` and `aad`: of its message.
    pub fn build(
        crypto: &impl OpenMlsCrypto,
        context: &Extensions<GroupContext>,
        sender: &Sender,
        aad: &[u8],
        staged: &StagedCommit,
    ) -> Result<Self, Refusal> {
        let aad = CommitAad::decode(aad).map_err(|_| Refusal::CommitMalformed)?;
        let path_node = staged.update_path_leaf_node();
        let committer = match (sender, path_node) {
            (Sender::Member(leaf), _) => Committer::Member(leaf.u32()),
            (Sender::NewMemberCommit, Some(node)) => {
                Committer::External(JoinerView { leaf: Leaf::of(node)?, is_capable: is_capable(node) })
            }
            _ => return Err(Refusal::CommitMalformed),
        };
        let mut view = CommitView {
            adds: Vec::new(),
            removes: Vec::new(),
            server_removes: Vec::new(),
            self_removes: Vec::new(),
            external_inits: 0,
            settings: None,
            keeps_frozen: true,
            is_known: true,
            has_path: path_node.is_some(),
            path_leaf: path_node.map(Leaf::of).transpose()?,
            committer,
            aad,
        };
        for queued in staged.queued_proposals() {
            view.read(crypto, context, sender, queued)?;
        }
        Ok(view)
    }

    fn read(
        &mut self,
        crypto: &impl OpenMlsCrypto,
        context: &Extensions<GroupContext>,
        committer: &Sender,
        queued: &QueuedProposal,
    ) -> Result<(), Refusal> {
        let by_value = queued.proposal_or_ref_type() == ProposalOrRefType::Proposal;
        // By value it is the committer's own; by reference it is the server's Remove or somebody's self-remove, nothing else.
        let is_own = by_value && queued.sender() == committer;
        match (queued.proposal(), queued.sender()) {
            (Proposal::Add(add), _) if is_own => {
                let package = add.key_package();
                let reference = package.hash_ref(crypto).map_err(|_| Refusal::CommitMalformed)?;
                self.adds.push(AddView {
                    leaf: Leaf::of(package.leaf_node())?,
                    is_capable: is_capable(package.leaf_node()),
                    reference: reference.as_slice().to_vec(),
                });
            }
            (Proposal::Remove(remove), _) if is_own => self.removes.push(remove.removed().u32()),
            (Proposal::Remove(remove), Sender::External(_)) if !by_value => {
                self.server_removes.push(remove.removed().u32());
            }
            (Proposal::SelfRemove, Sender::Member(leaf)) if !by_value => self.self_removes.push(leaf.u32()),
            (Proposal::ExternalInit(_), _) if is_own => self.external_inits += 1,
            (Proposal::GroupContextExtensions(change), _) if is_own && self.settings.is_none() => {
                self.settings = Some(Settings::of(change.extensions()).map_err(|_| Refusal::CommitMalformed)?);
                self.keeps_frozen = frozen(change.extensions()) == frozen(context);
            }
            _ => self.is_known = false,
        }
        Ok(())
    }
}
