//! A new group: epoch 0, the creator's leaf alone, and nothing in it that the protocol does not name.

use openmls::messages::group_info::VerifiableGroupInfo;
use openmls::prelude::{MlsMessageBodyIn, ProposalStore, PublicGroup, RatchetTreeIn};
use openmls_traits::OpenMlsProvider;
use tls_codec::Deserialize;

use super::{mls_message, provider, ServerGroup};
use crate::commit::GroupFacts;
use crate::credential::{is_capable, Leaf, SUITE};
use crate::directory::{Directory, Role};
use crate::ids::{general_conversation, personal_conversation, Conversation, Device, Group};
use crate::limits::MAX_FRAME_BYTES;
use crate::provider::Changes;
use crate::refusal::Refusal;
use crate::settings::{frozen, group_extensions, ConversationKind, ConversationRole, Settings};

impl ServerGroup {
    /// `group_info`: MLSMessage; `tree`: RatchetTree bytes.
    ///
    /// Refused with TooLarge, Malformed, CommitMalformed (epoch, suite, extensions), IdentityMismatch, NotAMember (the
    /// creator is not active), NotAllowed (the kind's rules).
    pub fn create(
        conversation: Conversation,
        id: Group,
        group_info: &[u8],
        tree: &[u8],
        creator: Device,
        directory: &Directory,
    ) -> Result<(Self, Changes), Refusal> {
        let MlsMessageBodyIn::GroupInfo(info) = mls_message(group_info)? else {
            return Err(Refusal::Malformed);
        };
        if tree.len() > MAX_FRAME_BYTES {
            return Err(Refusal::TooLarge);
        }
        let tree = RatchetTreeIn::tls_deserialize_exact(tree).map_err(|_| Refusal::Malformed)?;
        check_context(&info, id, directory)?;
        let provider = provider()?;
        let (group, _) =
            PublicGroup::from_external(provider.crypto(), provider.storage(), tree, info, ProposalStore::new())
                .map_err(|_| Refusal::CommitMalformed)?;
        let settings = Settings::of(group.group_context().extensions()).map_err(|_| Refusal::CommitMalformed)?;
        check_creator(&group, creator, directory)?;
        check_kind(conversation, &settings, creator, directory)?;
        let view = super::view(&group, &provider, GroupFacts::default())?;
        let mut created = ServerGroup { org: directory.org(), conversation, id, provider, group, view };
        let changes = created.changed(GroupFacts::default())?;
        Ok((created, changes))
    }
}

/// Group, suite, epoch and extensions, exactly as the protocol says.
fn check_context(info: &VerifiableGroupInfo, id: Group, directory: &Directory) -> Result<(), Refusal> {
    let context = info.group_context();
    let settings = Settings::of(context.extensions()).map_err(|_| Refusal::CommitMalformed)?;
    let expected = group_extensions(&settings, directory.org(), directory.server_key())?;
    let is_as_expected = context.group_id().as_slice() == id.0
        && context.ciphersuite() == SUITE
        && context.epoch().as_u64() == 0
        && settings.version == 1
        && settings.away.is_empty()
        && frozen(context.extensions()) == frozen(&expected)
        && info.extensions().ratchet_tree().is_none();
    if is_as_expected {
        Ok(())
    } else {
        Err(Refusal::CommitMalformed)
    }
}

fn check_creator(group: &PublicGroup, creator: Device, directory: &Directory) -> Result<(), Refusal> {
    let mut leaves = group.treesync().full_leaves();
    let (Some((_, node)), None) = (leaves.next(), leaves.next()) else {
        return Err(Refusal::CommitMalformed);
    };
    let leaf = Leaf::of(node)?;
    leaf.check(directory)?;
    if leaf.identity.device != creator || !is_capable(node) {
        return Err(Refusal::IdentityMismatch);
    }
    if !directory.is_active(creator) {
        return Err(Refusal::NotAMember);
    }
    Ok(())
}

/// Two ids belong to two kinds, and nobody takes another person's.
fn check_kind(
    conversation: Conversation,
    settings: &Settings,
    creator: Device,
    directory: &Directory,
) -> Result<(), Refusal> {
    let org = directory.org();
    let user = directory.device(creator).ok_or(Refusal::NotAMember)?.user;
    let role = directory.user(user).ok_or(Refusal::NotAMember)?.role();
    let is_general = conversation == general_conversation(org);
    let owns_it = settings.role(user) == ConversationRole::Owner;
    let is_allowed = match settings.kind {
        ConversationKind::General => is_general && role == Role::Owner && owns_it,
        ConversationKind::Personal => conversation == personal_conversation(org, user),
        kind => {
            let is_personal = directory.users().any(|(user, _)| personal_conversation(org, user) == conversation);
            let is_ownable = kind == ConversationKind::Direct || owns_it;
            !is_general && !is_personal && is_ownable && role != Role::Guest && settings.is_for_its_kind()
        }
    };
    if is_allowed {
        Ok(())
    } else {
        Err(Refusal::NotAllowed)
    }
}
