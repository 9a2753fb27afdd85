//! Key packages as a server takes them: of the device that publishes them, and usable by whoever adds it.

use openmls::prelude::{MlsMessageBodyIn, ProtocolVersion};
use openmls_traits::OpenMlsProvider;

use super::{mls_message, provider};
use crate::credential::{is_capable, Leaf, SUITE};
use crate::directory::Directory;
use crate::ids::Device;
use crate::limits::MAX_KEY_PACKAGE_BYTES;
use crate::refusal::Refusal;

pub struct CheckedKeyPackage {
    /// KeyPackageRef (RFC 9420 section 5.2), 32 bytes.
    pub reference: Vec<u8>,
    pub is_last_resort: bool,
    /// Not usable from then on, unix seconds.
    pub not_after_s: u64,
}

/// Refused with TooLarge, Malformed (shape, suite or signature), IdentityMismatch, NotAMember (not active), ClockSkewed (its time is over or not yet begun).
pub fn check_key_package(
    bytes: &[u8],
    device: Device,
    directory: &Directory,
    now_ms: u64,
) -> Result<CheckedKeyPackage, Refusal> {
    if bytes.len() > MAX_KEY_PACKAGE_BYTES {
        return Err(Refusal::TooLarge);
    }
    let MlsMessageBodyIn::KeyPackage(package) = mls_message(bytes)? else {
        return Err(Refusal::Malformed);
    };
    let provider = provider()?;
    let package = package.validate(provider.crypto(), ProtocolVersion::Mls10).map_err(|_| Refusal::Malformed)?;
    if package.ciphersuite() != SUITE {
        return Err(Refusal::Malformed);
    }
    let leaf = Leaf::of(package.leaf_node())?;
    leaf.check(directory)?;
    if leaf.identity.device != device || !is_capable(package.leaf_node()) {
        return Err(Refusal::IdentityMismatch);
    }
    if !directory.is_active(device) {
        return Err(Refusal::NotAMember);
    }
    let (lifetime, now_s) = (package.life_time(), now_ms / 1000);
    if now_s < lifetime.not_before() || now_s >= lifetime.not_after() {
        return Err(Refusal::ClockSkewed);
    }
    let reference = package.hash_ref(provider.crypto()).map_err(|_| Refusal::Malformed)?;
    Ok(CheckedKeyPackage {
        reference: reference.as_slice().to_vec(),
        is_last_resort: package.last_resort(),
        not_after_s: lifetime.not_after(),
    })
}
