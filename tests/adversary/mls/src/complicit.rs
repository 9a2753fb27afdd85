//! The server's group without its judgement: whatever MLS can follow is accepted.

use inmost_public::commit::{CommitView, Committer, GroupFacts, GroupView};
use inmost_public::credential::Leaf;
use openmls::prelude::tls_codec::Deserialize as _;
use openmls::prelude::{
    GroupId, MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, ProtocolMessage, PublicGroup,
};
use openmls_traits::OpenMlsProvider;
use pyo3::prelude::*;

use crate::{failed, provider};

/// Where inmost_public keeps its own facts beside OpenMLS's rows.
const FACTS: u8 = 0x80;

type Who = (Vec<u8>, Vec<u8>);

/// The same fields as `inmost_engine.public.Checked`, and the rows after it.
#[pyclass(get_all, frozen)]
pub struct Accepted {
    epoch: u64,
    committer: Vec<u8>,
    committer_user: Vec<u8>,
    is_external: bool,
    adds: Vec<Who>,
    joiner: Option<Who>,
    removes: Vec<Who>,
    has_path: bool,
    settings_changed: bool,
    dir_n: u64,
    time_ms: u64,
    changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

fn who(leaf: &Leaf) -> Who {
    (leaf.identity.device.0.to_vec(), leaf.identity.user.0.to_vec())
}

/// Follow a commit that should have been refused.
#[pyfunction]
pub fn accept(group: &[u8], rows: Vec<(Vec<u8>, Vec<u8>)>, commit: &[u8]) -> PyResult<Accepted> {
    let provider = provider()?;
    let storage = provider.storage();
    storage.load(rows);
    let id = GroupId::from_slice(group);
    let mut public = PublicGroup::load(storage, &id)
        .map_err(failed)?
        .ok_or_else(|| failed("no such group"))?;
    let facts = storage.own_row(group, FACTS).ok_or_else(|| failed("no facts"))?;
    let facts = GroupFacts::decode(&facts).map_err(failed)?;
    let message = MlsMessageIn::tls_deserialize_exact(commit).map_err(failed)?;
    let MlsMessageBodyIn::PublicMessage(message) = message.extract() else {
        return Err(failed("not a PublicMessage"));
    };
    let processed = public
        .process_message(provider.crypto(), ProtocolMessage::from(message))
        .map_err(failed)?;
    let (sender, aad) = (processed.sender().clone(), processed.aad().to_vec());
    let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
        return Err(failed("not a commit"));
    };
    let context = public.group_context();
    let view = GroupView::build(context, public.members(), std::iter::empty(), facts).map_err(failed)?;
    let does = CommitView::build(provider.crypto(), context.extensions(), &sender, &aad, &staged).map_err(failed)?;
    let (committer, joiner) = match &does.committer {
        Committer::Member(leaf) => (who(&view.roster[leaf]), None),
        Committer::External(joiner) => (who(&joiner.leaf), Some(who(&joiner.leaf))),
    };
    let gone = does.gone().filter_map(|leaf| view.roster.get(&leaf)).map(who);
    let removes = gone
        .filter(|(device, _)| joiner.as_ref().is_none_or(|joiner| joiner.0 != *device))
        .collect();
    let epoch = staged.epoch().as_u64();
    public.merge_commit(storage, *staged).map_err(failed)?;
    storage.put_own_row(group, FACTS, facts.after(&does).encode());
    Ok(Accepted {
        epoch,
        committer: committer.0,
        committer_user: committer.1,
        is_external: joiner.is_some(),
        adds: does.adds.iter().map(|add| who(&add.leaf)).collect(),
        joiner,
        removes,
        has_path: does.has_path,
        settings_changed: does.settings.is_some(),
        dir_n: does.aad.dir.n,
        time_ms: does.aad.time_ms,
        changes: storage.take_delta(),
    })
}
