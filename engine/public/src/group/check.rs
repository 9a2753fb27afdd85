//! Whether a commit may be the next one, and whether what was uploaded with it belongs to it; then merging it.
//!
//! OpenMLS verifies signatures, proposals, tree and path (PublicGroup). It can verify neither the confirmation tag nor
//! the path's secrets, which take the group's keys: a member that finds those wrong complains and joins again.

use std::collections::BTreeSet;

use openmls::messages::group_info::VerifiableGroupInfo;
use openmls::prelude::{
    ContentType, MlsMessageBodyIn, OpenMlsSignaturePublicKey, ProcessedMessageContent, PublicMessageIn,
    PublicProcessMessageError, SignatureScheme, StageCommitError, StagedCommit, Verifiable,
};
use openmls_traits::OpenMlsProvider;
use tls_codec::Serialize;

use super::{mls_message, protocol_message, public_message, ServerGroup};
use crate::commit::{commit_allowed_now, CommitView, Committer, GroupFacts};
use crate::credential::{Leaf, SUITE};
use crate::directory::Directory;
use crate::ids::{Device, User};
use crate::limits::MAX_LINK_BYTES;
use crate::log;
use crate::provider::Changes;
use crate::refusal::Refusal;

/// What comes with a commit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Upload<'a> {
    /// MLSMessage GroupInfo of the next epoch, without ratchet tree.
    pub group_info: &'a [u8],
    /// MLSMessage Welcome for exactly the added devices; None when nobody is added.
    pub welcome: Option<&'a [u8]>,
    /// Log entry of kind 5 for the next epoch.
    pub link: Option<&'a [u8]>,
}

/// A commit that may be merged, and what it does.
pub struct Checked {
    staged: Box<StagedCommit>,
    facts: GroupFacts,
    /// The epoch after it.
    pub epoch: u64,
    pub committer: Leaf,
    pub is_external: bool,
    pub adds: Vec<(Device, User)>,
    /// (device, user) of each leaf that is gone; not the old leaf of a device that comes back.
    pub removes: Vec<(Device, User)>,
    pub has_path: bool,
    pub settings_changed: bool,
    pub dir_n: u64,
    pub time_ms: u64,
}

impl ServerGroup {
    /// Changes nothing. Refused with TooLarge, Malformed, StaleEpoch, CommitInvalid, GroupInfoMismatch, or a refusal of `commit_allowed`.
    pub fn check(
        &self,
        commit: &[u8],
        directory: &Directory,
        now_ms: u64,
        upload: Upload<'_>,
    ) -> Result<Checked, Refusal> {
        let message = public_message(commit)?;
        let tag = self.confirmation_tag(&message)?;
        let view = self.view();
        let (does, staged) = self.staged(message)?;
        commit_allowed_now(view, &does, directory, now_ms)?;
        let (index, committer) = match &does.committer {
            Committer::Member(index) => (*index, *view.roster.get(index).ok_or(Refusal::NotAMember)?),
            Committer::External(joiner) => {
                let index = self.group.ext_commit_sender_index(&staged).map_err(|_| Refusal::CommitInvalid)?;
                (index.u32(), joiner.leaf)
            }
        };
        self.check_group_info(upload.group_info, &staged, &tag, index, &committer)?;
        check_welcome(upload.welcome, &does)?;
        let epoch = staged.epoch().as_u64();
        self.check_link(upload.link, epoch, &committer)?;
        let came_back = match &does.committer {
            Committer::External(_) => Some(committer.identity.device),
            Committer::Member(_) => None,
        };
        let who = |leaf: &Leaf| (leaf.identity.device, leaf.identity.user);
        let gone = does.gone().filter_map(|index| view.roster.get(&index)).map(who);
        Ok(Checked {
            facts: view.facts.after(&does),
            epoch,
            committer,
            is_external: came_back.is_some(),
            adds: does.adds.iter().map(|add| who(&add.leaf)).collect(),
            removes: gone.filter(|(device, _)| Some(*device) != came_back).collect(),
            has_path: does.has_path,
            settings_changed: does.settings.is_some(),
            dir_n: does.aad.dir.n,
            time_ms: does.aad.time_ms,
            staged,
        })
    }

    /// The confirmation tag of a commit of this group and epoch.
    fn confirmation_tag(&self, message: &PublicMessageIn) -> Result<Vec<u8>, Refusal> {
        let is_ours = message.group_id().as_slice() == self.id.0;
        if !is_ours || message.content_type() != ContentType::Commit {
            return Err(Refusal::Malformed);
        }
        if message.epoch().as_u64() != self.epoch() {
            return Err(Refusal::StaleEpoch { current_epoch: self.epoch() });
        }
        let tag = message.confirmation_tag().ok_or(Refusal::Malformed)?;
        tag.tls_serialize_detached().map_err(|_| Refusal::Malformed)
    }

    fn staged(&self, message: PublicMessageIn) -> Result<(CommitView, Box<StagedCommit>), Refusal> {
        let crypto = self.provider.crypto();
        let processed =
            self.group.process_message(crypto, protocol_message(message)).map_err(|error| invalid(&error))?;
        let (sender, aad) = (processed.sender().clone(), processed.aad().to_vec());
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err(Refusal::CommitMalformed);
        };
        let context = self.group.group_context().extensions();
        let does = CommitView::build(crypto, context, &sender, &aad, &staged)?;
        Ok((does, staged))
    }

    /// The GroupInfo is that of the next epoch, signed by the committer, with what an external joiner needs and no more.
    fn check_group_info(
        &self,
        bytes: &[u8],
        staged: &StagedCommit,
        tag: &[u8],
        index: u32,
        committer: &Leaf,
    ) -> Result<(), Refusal> {
        let mismatch = Err(Refusal::GroupInfoMismatch);
        let MlsMessageBodyIn::GroupInfo(info) = mls_message(bytes)? else {
            return mismatch;
        };
        if info.group_context() != staged.group_context() {
            return mismatch;
        }
        let mut extensions = info.extensions().iter();
        if info.extensions().external_pub().is_none() || extensions.nth(1).is_some() {
            return mismatch;
        }
        // GroupInfoTBS ends with confirmation_tag and signer (RFC 9420 section 12.4.3).
        let signed = signed_by(&info, committer)?;
        let expected = [tag, &index.to_be_bytes()].concat();
        if signed.ends_with(&expected) {
            Ok(())
        } else {
            mismatch
        }
    }

    fn check_link(&self, entry: Option<&[u8]>, epoch: u64, committer: &Leaf) -> Result<(), Refusal> {
        let Some(entry) = entry else {
            return Ok(()); // whoever holds the keys repairs it later
        };
        if entry.len() > MAX_LINK_BYTES {
            return Err(Refusal::TooLarge);
        }
        let link = log::Link::decode(entry)?;
        if link.epoch != epoch || link.device != committer.identity.device {
            return Err(Refusal::GroupInfoMismatch);
        }
        link.verify(&committer.sig_public, self.org, self.conversation, self.id)
    }

    /// Go to the next epoch; pending proposals are gone. Refused with StaleEpoch when it was checked for another epoch.
    pub fn merge(&mut self, checked: Checked) -> Result<Changes, Refusal> {
        if checked.epoch != self.epoch() + 1 {
            return Err(Refusal::StaleEpoch { current_epoch: self.epoch() });
        }
        self.group.merge_commit(self.provider.storage(), *checked.staged).map_err(|_| Refusal::CommitInvalid)?;
        self.changed(checked.facts)
    }
}

/// The signed bytes of a GroupInfo, once its signature by this leaf is verified.
fn signed_by(info: &VerifiableGroupInfo, leaf: &Leaf) -> Result<Vec<u8>, Refusal> {
    let crypto = super::provider()?;
    let key = OpenMlsSignaturePublicKey::from_signature_key(leaf.sig_public.to_vec().into(), SignatureScheme::ED25519);
    info.verify_no_out(crypto.crypto(), &key).map_err(|_| Refusal::GroupInfoMismatch)?;
    info.unsigned_payload().map_err(|_| Refusal::GroupInfoMismatch)
}

/// A Welcome for exactly the added key packages, or none for none.
fn check_welcome(bytes: Option<&[u8]>, does: &CommitView) -> Result<(), Refusal> {
    let added: BTreeSet<&[u8]> = does.adds.iter().map(|add| add.reference.as_slice()).collect();
    let Some(bytes) = bytes else {
        return if added.is_empty() { Ok(()) } else { Err(Refusal::GroupInfoMismatch) };
    };
    let MlsMessageBodyIn::Welcome(welcome) = mls_message(bytes)? else {
        return Err(Refusal::GroupInfoMismatch);
    };
    let welcomed: Vec<_> = welcome.secrets().iter().map(|secrets| secrets.new_member()).collect();
    let named: BTreeSet<&[u8]> = welcomed.iter().map(|reference| reference.as_slice()).collect();
    if !added.is_empty() && named == added && welcomed.len() == added.len() && welcome.ciphersuite() == SUITE {
        Ok(())
    } else {
        Err(Refusal::GroupInfoMismatch)
    }
}

/// The refusal that tells the committer what to do, of those that OpenMLS finds before we look.
fn invalid(error: &PublicProcessMessageError) -> Refusal {
    match error {
        PublicProcessMessageError::InvalidCommit(StageCommitError::RequiredPathNotFound) => Refusal::PathRequired,
        PublicProcessMessageError::InvalidCommit(StageCommitError::ExternalCommitValidation(_)) => {
            Refusal::ExternalForbidden
        }
        _ => Refusal::CommitInvalid,
    }
}
