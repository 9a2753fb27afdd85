//! Who a leaf is: the identity in its credential, its keys, and what its client must be capable of (docs/protocol/conversations.md).

use openmls::prelude::{
    BasicCredential, Capabilities, Ciphersuite, Credential, CredentialType, CredentialWithKey, ExtensionType, LeafNode,
    ProposalType, ProtocolVersion,
};

use crate::cbor;
use crate::directory::Directory;
use crate::ids::{Device, Org, User};
use crate::refusal::Refusal;

/// X-Wing, ChaCha20-Poly1305, SHA-256, Ed25519: the only suite of version 1.
pub const SUITE: Ciphersuite = Ciphersuite::MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519;

/// The settings' extension type (of the private range).
pub const SETTINGS_EXTENSION: u16 = 0xF0A1;

/// A leaf's identity: `CBOR[org, user, device, chain position]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub org: Org,
    pub user: User,
    pub device: Device,
    pub position: u64,
}

impl Identity {
    /// The identity that the directory knows for a device.
    pub fn of(device: Device, directory: &Directory) -> Result<Self, Refusal> {
        let state = directory.device(device).ok_or(Refusal::Unknown)?;
        Ok(Identity { org: directory.org(), user: state.user, device, position: state.position })
    }

    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&crate::cbor![self.org, self.user, self.device, self.position])
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let item = cbor::decode(bytes)?;
        let [org, user, device, position] = item.array()?;
        Ok(Identity {
            org: Org::from_item(org)?,
            user: User::from_item(user)?,
            device: Device::from_item(device)?,
            position: position.uint()?,
        })
    }

    pub fn from_credential(credential: &Credential) -> Result<Self, Refusal> {
        let basic = BasicCredential::try_from(credential.clone()).map_err(|_| Refusal::IdentityMismatch)?;
        Identity::decode(basic.identity()).map_err(|_| Refusal::IdentityMismatch)
    }

    pub fn credential(&self) -> Credential {
        BasicCredential::new(self.encode()).into()
    }

    pub fn with_key(&self, sig_public: &[u8; 32]) -> CredentialWithKey {
        CredentialWithKey { credential: self.credential(), signature_key: sig_public.to_vec().into() }
    }
}

/// A leaf: whose it is, and the key that signs for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub identity: Identity,
    pub sig_public: [u8; 32],
}

impl Leaf {
    pub fn new(credential: &Credential, signature_key: &[u8]) -> Result<Self, Refusal> {
        let sig_public = signature_key.try_into().map_err(|_| Refusal::IdentityMismatch)?;
        Ok(Leaf { identity: Identity::from_credential(credential)?, sig_public })
    }

    pub fn of(node: &LeafNode) -> Result<Self, Refusal> {
        Leaf::new(node.credential(), node.signature_key().as_slice())
    }

    /// Refuses with IdentityMismatch unless organisation, user, device, position and key are those of the directory.
    pub fn check(&self, directory: &Directory) -> Result<(), Refusal> {
        let Identity { org, user, device, position } = self.identity;
        let state = directory.device(device).ok_or(Refusal::IdentityMismatch)?;
        let known = state.user == user && state.position == position && state.sig_public == self.sig_public;
        if known && org == directory.org() {
            Ok(())
        } else {
            Err(Refusal::IdentityMismatch)
        }
    }
}

/// What every client of version 1 says it can do; stands in each of its leaves.
pub fn capabilities() -> Capabilities {
    Capabilities::builder()
        .versions(vec![ProtocolVersion::Mls10])
        .ciphersuites(vec![SUITE])
        .extensions(vec![ExtensionType::Unknown(SETTINGS_EXTENSION), ExtensionType::LastResort])
        .proposals(vec![ProposalType::SelfRemove])
        .credentials(vec![CredentialType::Basic])
        .build()
}

/// Whether a leaf can do all that `capabilities()` says (it may do more: a newer client).
pub fn is_capable(node: &LeafNode) -> bool {
    let (has, needs) = (node.capabilities(), capabilities());
    needs.versions().iter().all(|x| has.versions().contains(x))
        && needs.ciphersuites().iter().all(|x| has.ciphersuites().contains(x))
        && needs.extensions().iter().all(|x| has.extensions().contains(x))
        && needs.proposals().iter().all(|x| has.proposals().contains(x))
        && needs.credentials().iter().all(|x| has.credentials().contains(x))
}
