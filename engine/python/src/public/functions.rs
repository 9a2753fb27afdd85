//! Functions of bytes: ids, hashes, log entries, sealed headers, sign-in, invitation links, key packages.

use inmost_public::ids::{self, Conversation, Device, Group, Head, Invitation, Org, User};
use inmost_public::invitation::InvitationLink as Link;
use inmost_public::log::{self, Cause, Kind};
use inmost_public::{cbor, group, limits, sealed, sign, sign_in, Refusal};
use pyo3::prelude::*;

use super::directory::Directory;
use super::{fixed, refused};

#[pyfunction]
fn digest(entry: &[u8]) -> [u8; 32] {
    log::digest(entry)
}

#[pyfunction]
fn log_start(conversation: &[u8], group: &[u8]) -> PyResult<[u8; 32]> {
    Ok(log::log_start(Conversation(fixed(conversation)?), Group(fixed(group)?)))
}

#[pyfunction]
fn log_next(before: &[u8], n: u64, kind: u8, digest: &[u8]) -> PyResult<[u8; 32]> {
    Ok(log::log_next(&fixed(before)?, n, kind, &fixed(digest)?))
}

#[pyfunction]
fn device_id(sig_public: &[u8], auth_public: &[u8]) -> PyResult<[u8; 16]> {
    Ok(ids::device_id(&fixed(sig_public)?, &fixed(auth_public)?).0)
}

#[pyfunction]
fn general_conversation(org: &[u8]) -> PyResult<[u8; 16]> {
    Ok(ids::general_conversation(Org(fixed(org)?)).0)
}

#[pyfunction]
fn personal_conversation(org: &[u8], user: &[u8]) -> PyResult<[u8; 16]> {
    Ok(ids::personal_conversation(Org(fixed(org)?), User(fixed(user)?)).0)
}

#[pyfunction]
fn create_entry(group: &[u8], group_info: &[u8], creator: &[u8]) -> PyResult<Vec<u8>> {
    let entry =
        log::Create { group: Group(fixed(group)?), group_info: group_info.to_vec(), creator: Device(fixed(creator)?) };
    Ok(entry.encode())
}

#[pyfunction]
fn commit_entry(epoch: u64, commit: &[u8]) -> Vec<u8> {
    log::Commit { epoch, message: commit.to_vec() }.encode()
}

#[pyfunction]
#[pyo3(signature = (epoch, proposal, cause_n))]
fn proposal_entry(epoch: u64, proposal: &[u8], cause_n: Option<u64>) -> Vec<u8> {
    let cause = cause_n.map(|n| Cause::Directory { n });
    log::Proposal { epoch, message: proposal.to_vec(), cause }.encode()
}

#[pyfunction]
fn check_link(
    entry: &[u8],
    conversation: &[u8],
    group: &[u8],
    epoch: u64,
    device: &[u8],
    directory: &Directory,
) -> PyResult<()> {
    let device = Device(fixed(device)?);
    let (conversation, group) = (Conversation(fixed(conversation)?), Group(fixed(group)?));
    let check = || {
        if entry.len() > limits::MAX_LINK_BYTES {
            return Err(Refusal::TooLarge);
        }
        let link = log::Link::decode(entry)?;
        if link.epoch != epoch || link.device != device {
            return Err(Refusal::WrongPlace);
        }
        let state = directory.inner.device(device).ok_or(Refusal::Unknown)?;
        link.verify(&state.sig_public, directory.inner.org(), conversation, group)
    };
    check().map_err(refused)
}

#[pyfunction]
fn check_complaint(
    entry: &[u8],
    conversation: &[u8],
    group: &[u8],
    device: &[u8],
    directory: &Directory,
) -> PyResult<(u64, u64, String)> {
    let device = Device(fixed(device)?);
    let (conversation, group) = (Conversation(fixed(conversation)?), Group(fixed(group)?));
    let check = || {
        let complaint = log::Complaint::decode(entry)?;
        if complaint.device != device {
            return Err(Refusal::WrongPlace);
        }
        let state = directory.inner.device(device).ok_or(Refusal::Unknown)?;
        complaint.verify(&state.sig_public, directory.inner.org(), conversation, group)?;
        Ok((complaint.epoch, complaint.n, complaint.reason))
    };
    check().map_err(refused)
}

#[pyfunction]
fn check_sealed(
    sealed: &[u8],
    conversation: &[u8],
    group: &[u8],
    epoch: u64,
    device: &[u8],
    kind: u8,
) -> PyResult<[u8; 16]> {
    let (conversation, group) = (Conversation(fixed(conversation)?), Group(fixed(group)?));
    let id = sealed::check_sealed(sealed, conversation, group, epoch, Device(fixed(device)?), kind);
    id.map(|id| id.0).map_err(refused)
}

#[pyfunction]
fn sealed_epoch(sealed: &[u8]) -> PyResult<u64> {
    sealed::Sealed::decode(sealed).map(|sealed| sealed.header.epoch).map_err(refused)
}

#[pyfunction]
#[allow(clippy::too_many_arguments)] // each is signed
fn verify_sign_in(
    org: &[u8],
    origin: &str,
    server_nonce: &[u8],
    client_nonce: &[u8],
    device: &[u8],
    time_ms: u64,
    auth_public: &[u8],
    signature: &[u8],
) -> PyResult<()> {
    let (org, device) = (Org(fixed(org)?), Device(fixed(device)?));
    let sign_in = sign_in::SignIn { org, origin, server_nonce, client_nonce, device, time_ms };
    sign_in.verify(&fixed(auth_public)?, signature).map_err(refused)
}

#[pyfunction]
fn verify_device(org: &[u8], label: &str, x: &[u8], public: &[u8], signature: &[u8]) -> PyResult<()> {
    let (org, public) = (Org(fixed(org)?), fixed(public)?);
    let verify = || sign::dev_verify(&public, label, org, cbor::decode(x)?, signature);
    verify().map_err(refused)
}

#[pyfunction]
fn seed_public(seed: &[u8]) -> PyResult<[u8; 32]> {
    Ok(*sign::KeyPair::from_seed(fixed(seed)?).public())
}

#[pyfunction]
fn owner_link_fragment(org: &[u8], invitation: &[u8], seed: &[u8], account: &str) -> PyResult<String> {
    let link = Link {
        org: Org(fixed(org)?),
        invitation: Invitation(fixed(invitation)?),
        seed: fixed(seed)?,
        account: account.to_owned(),
        from: None,
    };
    Ok(link.encode())
}

#[pyfunction]
fn parse_link_fragment(fragment: &str) -> PyResult<InvitationLink> {
    let link = Link::decode(fragment).map_err(refused)?;
    Ok(InvitationLink {
        org: link.org.0,
        invitation: link.invitation.0,
        seed: link.seed,
        account: link.account,
        head: link.from.map(|(Head { n, hash }, _)| (n, hash)),
        inviter: link.from.map(|(_, inviter)| inviter.0),
    })
}

#[pyclass(frozen, get_all, module = "inmost_engine.public")]
struct InvitationLink {
    org: [u8; 16],
    invitation: [u8; 16],
    seed: [u8; 32],
    account: String,
    head: Option<(u64, [u8; 32])>,
    inviter: Option<[u8; 32]>,
}

#[pyfunction]
fn check_key_package(
    py: Python<'_>,
    package: &[u8],
    device: &[u8],
    directory: &Directory,
    now_ms: u64,
) -> PyResult<(Vec<u8>, bool)> {
    let (device, directory) = (Device(fixed(device)?), &directory.inner);
    let checked = py.detach(|| group::check_key_package(package, device, directory, now_ms));
    checked.map(|checked| (checked.reference, checked.is_last_resort)).map_err(refused)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("KIND_CREATE", Kind::Create as u8)?;
    module.add("KIND_COMMIT", Kind::Commit as u8)?;
    module.add("KIND_PROPOSAL", Kind::Proposal as u8)?;
    module.add("KIND_MESSAGE", Kind::Message as u8)?;
    module.add("KIND_LINK", Kind::Link as u8)?;
    module.add("KIND_COMPLAINT", Kind::Complaint as u8)?;
    module.add_class::<InvitationLink>()?;
    module.add_function(wrap_pyfunction!(digest, module)?)?;
    module.add_function(wrap_pyfunction!(log_start, module)?)?;
    module.add_function(wrap_pyfunction!(log_next, module)?)?;
    module.add_function(wrap_pyfunction!(device_id, module)?)?;
    module.add_function(wrap_pyfunction!(general_conversation, module)?)?;
    module.add_function(wrap_pyfunction!(personal_conversation, module)?)?;
    module.add_function(wrap_pyfunction!(create_entry, module)?)?;
    module.add_function(wrap_pyfunction!(commit_entry, module)?)?;
    module.add_function(wrap_pyfunction!(proposal_entry, module)?)?;
    module.add_function(wrap_pyfunction!(check_link, module)?)?;
    module.add_function(wrap_pyfunction!(check_complaint, module)?)?;
    module.add_function(wrap_pyfunction!(check_sealed, module)?)?;
    module.add_function(wrap_pyfunction!(sealed_epoch, module)?)?;
    module.add_function(wrap_pyfunction!(verify_sign_in, module)?)?;
    module.add_function(wrap_pyfunction!(verify_device, module)?)?;
    module.add_function(wrap_pyfunction!(seed_public, module)?)?;
    module.add_function(wrap_pyfunction!(owner_link_fragment, module)?)?;
    module.add_function(wrap_pyfunction!(parse_link_fragment, module)?)?;
    module.add_function(wrap_pyfunction!(check_key_package, module)?)
}
