//! A conversation's MLS group as the server sees it: follows every commit, holds no key, and decides what may be next.

mod check;
#[cfg(test)]
pub(crate) mod client;
mod create;
mod package;
mod proposals;
#[cfg(test)]
mod tests;

use openmls::prelude::{GroupId, MlsMessageBodyIn, MlsMessageIn, ProtocolMessage, PublicGroup, PublicMessageIn};
use openmls_traits::OpenMlsProvider;
use tls_codec::{Deserialize, Serialize};

pub use check::{Checked, Upload};
pub use package::{check_key_package, CheckedKeyPackage};
pub use proposals::ServerKey;

use crate::commit::{GroupFacts, GroupView};
use crate::ids::{Conversation, Device, Group, Org, User};
use crate::limits::MAX_FRAME_BYTES;
use crate::provider::{Changes, Provider};
use crate::refusal::Refusal;
use crate::settings::Settings;

/// Label of our own row beside OpenMLS's: GroupFacts.
const FACTS: u8 = 0x80;

/// The group of one conversation.
pub struct ServerGroup {
    org: Org,
    conversation: Conversation,
    id: Group,
    provider: Provider,
    group: PublicGroup,
    /// What the group says about itself, read once for each change of it.
    view: GroupView,
}

impl ServerGroup {
    /// From all rows of the group, as `create`, `merge` and the proposals changed them.
    pub fn load(
        org: Org,
        conversation: Conversation,
        id: Group,
        rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<Self, Refusal> {
        let provider = provider()?;
        provider.storage().load(rows);
        let group = PublicGroup::load(provider.storage(), &GroupId::from_slice(&id.0))
            .map_err(|_| Refusal::Malformed)?
            .ok_or(Refusal::Malformed)?;
        let facts = provider.storage().own_row(&id.0, FACTS).ok_or(Refusal::Malformed)?;
        let view = view(&group, &provider, GroupFacts::decode(&facts)?)?;
        Ok(ServerGroup { org, conversation, id, provider, group, view })
    }

    pub fn conversation(&self) -> Conversation {
        self.conversation
    }

    pub fn group(&self) -> Group {
        self.id
    }

    pub fn epoch(&self) -> u64 {
        self.group.group_context().epoch().as_u64()
    }

    pub fn settings(&self) -> &Settings {
        &self.view.settings
    }

    /// The facts that decide about the next commit.
    pub fn view(&self) -> &GroupView {
        &self.view
    }

    /// (leaf, user, device), by leaf.
    pub fn roster(&self) -> Vec<(u32, User, Device)> {
        self.view.roster.iter().map(|(index, leaf)| (*index, leaf.identity.user, leaf.identity.device)).collect()
    }

    pub fn is_member(&self, device: Device) -> bool {
        self.view.leaf_of(device).is_some()
    }

    /// The ratchet tree of this epoch (RFC 9420 section 12.4.3.3).
    pub fn tree(&self) -> Result<Vec<u8>, Refusal> {
        self.group.export_ratchet_tree().tls_serialize_detached().map_err(|_| Refusal::Malformed)
    }

    /// After every change: our own row beside OpenMLS's, the view, and the rows that changed.
    fn changed(&mut self, facts: GroupFacts) -> Result<Changes, Refusal> {
        self.provider.storage().put_own_row(&self.id.0, FACTS, facts.encode());
        self.view = view(&self.group, &self.provider, facts)?;
        Ok(self.provider.storage().take_delta())
    }
}

fn view(group: &PublicGroup, provider: &Provider, facts: GroupFacts) -> Result<GroupView, Refusal> {
    let pending = group.queued_proposals(provider.storage()).map_err(|_| Refusal::Malformed)?;
    let pending = pending.iter().map(|(_, proposal)| proposal);
    GroupView::build(group.group_context(), group.members(), pending, facts)
}

/// The provider of a group without secrets: nothing the server does with one draws a random number, so it gets no entropy.
fn provider() -> Result<Provider, Refusal> {
    Provider::new([0; 32])
}

/// An MLSMessage and nothing after it.
fn mls_message(bytes: &[u8]) -> Result<MlsMessageBodyIn, Refusal> {
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(Refusal::TooLarge);
    }
    Ok(MlsMessageIn::tls_deserialize_exact(bytes).map_err(|_| Refusal::Malformed)?.extract())
}

/// A PublicMessage: handshakes are never encrypted here, or the server could not follow.
fn public_message(bytes: &[u8]) -> Result<PublicMessageIn, Refusal> {
    match mls_message(bytes)? {
        MlsMessageBodyIn::PublicMessage(message) => Ok(message),
        _ => Err(Refusal::Malformed),
    }
}

fn protocol_message(message: PublicMessageIn) -> ProtocolMessage {
    ProtocolMessage::from(message)
}
