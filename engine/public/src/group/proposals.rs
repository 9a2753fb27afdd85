//! Removals that wait: the server's own, as external sender, and members' self-removes.

use openmls::prelude::{
    ContentType, ExternalProposal, LeafNodeIndex, ProcessedMessageContent, Proposal, QueuedProposal, Sender,
    SenderExtensionIndex,
};
use openmls_traits::OpenMlsProvider;

use super::{protocol_message, public_message, ServerGroup};
use crate::commit::{may_join, Pending};
use crate::directory::Directory;
use crate::ids::Device;
use crate::provider::{Changes, Provider};
use crate::refusal::Refusal;
use crate::settings::external_sender;
use crate::sign::KeyPair;

/// The server's external-sender key: it proposes removals and nothing else. Its public half stands in the directory.
#[derive(Clone, Debug)]
pub struct ServerKey(KeyPair);

impl ServerKey {
    /// `seed`: 32 random bytes, kept secret.
    pub fn generate(seed: [u8; 32]) -> Self {
        ServerKey(KeyPair::from_seed(seed))
    }

    pub fn public(&self) -> &[u8; 32] {
        self.0.public()
    }

    pub fn seed(&self) -> &[u8; 32] {
        self.0.seed()
    }
}

impl ServerGroup {
    /// A Remove of the device's leaf; it is pending from here on. The PublicMessage, and the changed rows.
    ///
    /// Refused with NotAMember (no leaf), AlreadyExists (pending already), NotAllowed (not this group's external sender).
    pub fn propose_remove(&mut self, device: Device, key: &ServerKey) -> Result<(Vec<u8>, Changes), Refusal> {
        let senders = self.group.group_context().extensions().external_senders();
        let own = external_sender(self.org, *key.public());
        if senders.and_then(|senders| senders.first()) != Some(&own) {
            return Err(Refusal::NotAllowed);
        }
        let view = self.view();
        let leaf = view.leaf_of(device).ok_or(Refusal::NotAMember)?;
        if view.pending.iter().any(|pending| pending.leaf == leaf && pending.by_server) {
            return Err(Refusal::AlreadyExists);
        }
        let message = ExternalProposal::new_remove::<Provider>(
            LeafNodeIndex::new(leaf),
            self.group.group_id().clone(),
            self.group.group_context().epoch(),
            &key.0,
            SenderExtensionIndex::new(0),
        )
        .map_err(|_| Refusal::CommitMalformed)?;
        let message = message.to_bytes().map_err(|_| Refusal::CommitMalformed)?;
        let proposal = self.proposal(&message)?;
        self.queue(proposal).map(|changes| (message, changes))
    }

    /// A member's self-remove, by this device; it is pending from here on.
    ///
    /// Refused with Malformed, StaleEpoch, CommitMalformed (anything but a self-remove), NotAMember (another's), AlreadyExists.
    pub fn accept_proposal(&mut self, message: &[u8], device: Device) -> Result<Changes, Refusal> {
        let proposal = self.proposal(message)?;
        let (Proposal::SelfRemove, Sender::Member(leaf)) = (proposal.proposal(), proposal.sender()) else {
            return Err(Refusal::CommitMalformed);
        };
        let view = self.view();
        if view.leaf_of(device) != Some(leaf.u32()) {
            return Err(Refusal::NotAMember);
        }
        if view.pending.iter().any(|pending| pending.leaf == leaf.u32()) {
            return Err(Refusal::AlreadyExists);
        }
        self.queue(proposal)
    }

    fn proposal(&self, message: &[u8]) -> Result<QueuedProposal, Refusal> {
        let message = public_message(message)?;
        if message.group_id().as_slice() != self.id.0 || message.content_type() != ContentType::Proposal {
            return Err(Refusal::Malformed);
        }
        if message.epoch().as_u64() != self.epoch() {
            return Err(Refusal::StaleEpoch { current_epoch: self.epoch() });
        }
        let processed = self.group.process_message(self.provider.crypto(), protocol_message(message));
        match processed.map_err(|_| Refusal::CommitMalformed)?.into_content() {
            ProcessedMessageContent::ProposalMessage(proposal) => Ok(*proposal),
            _ => Err(Refusal::CommitMalformed),
        }
    }

    fn queue(&mut self, proposal: QueuedProposal) -> Result<Changes, Refusal> {
        self.group.add_proposal(self.provider.storage(), proposal).map_err(|_| Refusal::Malformed)?;
        self.changed(self.view.facts)
    }

    /// Removals that wait to be committed.
    pub fn pending(&self) -> Vec<(Device, Pending)> {
        let view = self.view();
        let device = |pending: &Pending| view.roster.get(&pending.leaf).map(|leaf| leaf.identity.device);
        view.pending.iter().filter_map(|pending| Some((device(pending)?, *pending))).collect()
    }

    /// Devices with a leaf that are not active in the directory, and whose removal is not pending yet.
    pub fn uncovered(&self, directory: &Directory) -> Vec<Device> {
        let view = self.view();
        let is_pending = |index: u32| view.pending.iter().any(|pending| pending.leaf == index && pending.by_server);
        let leaves = view.roster.iter().filter(|(index, _)| !is_pending(**index));
        let devices = leaves.map(|(_, leaf)| leaf.identity.device);
        devices.filter(|device| !directory.is_active(*device)).collect()
    }

    /// Whether an external commit of this device may be accepted, as far as one can say before it is made.
    pub fn may_join(&self, device: Device, directory: &Directory) -> bool {
        may_join(self.view(), device, directory)
    }
}
