//! A user is a chain of changes to its keys; the hash of the first is the user's identity (docs/protocol/directory.md).

use crate::cbor::{self, Item};
use crate::ids::{device_id, sha256, Device, Org, User};
use crate::refusal::Refusal;

pub const XWING_PUBLIC_BYTES: usize = 1216;

/// One change to a user's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Add {
        device: Device,
        sig_public: [u8; 32],
        auth_public: [u8; 32],
    },
    Revoke {
        device: Device,
    },
    SetRecovery {
        sign_public: [u8; 32],
        xwing_public: Vec<u8>,
    },
    /// A passkey becomes a paper device. `of`: which passkey (ids::passkey_id), so that its removal finds it.
    AddPaper {
        of: [u8; 16],
        sign_public: [u8; 32],
        xwing_public: Vec<u8>,
    },
}

impl Change {
    /// The `add` of a device with these keys.
    pub fn add(sig_public: [u8; 32], auth_public: [u8; 32]) -> Self {
        Change::Add { device: device_id(&sig_public, &auth_public), sig_public, auth_public }
    }

    pub fn to_item(&self) -> Item {
        match self {
            Change::Add { device, sig_public, auth_public } => crate::cbor!["add", device, sig_public, auth_public],
            Change::Revoke { device } => crate::cbor!["revoke", device],
            Change::SetRecovery { sign_public, xwing_public } => {
                crate::cbor!["set_recovery", sign_public, xwing_public]
            }
            Change::AddPaper { of, sign_public, xwing_public } => {
                crate::cbor!["add_paper", of, sign_public, xwing_public]
            }
        }
    }

    pub fn from_item(item: &Item) -> Result<Self, Refusal> {
        match item.list()? {
            [kind, device, sig, auth] if kind.text()? == "add" => {
                let change = Change::add(sig.fixed()?, auth.fixed()?);
                match change {
                    Change::Add { device: derived, .. } if derived == Device::from_item(device)? => Ok(change),
                    _ => Err(Refusal::Malformed), // an id that is not its keys' hash
                }
            }
            [kind, device] if kind.text()? == "revoke" => Ok(Change::Revoke { device: Device::from_item(device)? }),
            [kind, sign, xwing] if kind.text()? == "set_recovery" => {
                let xwing_public: [u8; XWING_PUBLIC_BYTES] = xwing.fixed()?;
                Ok(Change::SetRecovery { sign_public: sign.fixed()?, xwing_public: xwing_public.to_vec() })
            }
            [kind, of, sign, xwing] if kind.text()? == "add_paper" => {
                let xwing_public: [u8; XWING_PUBLIC_BYTES] = xwing.fixed()?;
                let (of, sign_public) = (of.fixed()?, sign.fixed()?);
                Ok(Change::AddPaper { of, sign_public, xwing_public: xwing_public.to_vec() })
            }
            _ => Err(Refusal::Malformed),
        }
    }
}

/// `chain_k = SHA-256(CBOR["inmost/1 chain", org, k, chain_{k-1}, change_k])`, chain_{-1} = 32 zero bytes.
pub fn chain_next(org: Org, k: u64, prev: &[u8; 32], change: &Change) -> [u8; 32] {
    sha256(&[&cbor::encode(&crate::cbor!["inmost/1 chain", org, k, prev, change.to_item()])])
}

/// The identity that begins with this change.
pub fn user_id(org: Org, first: &Change) -> User {
    User(chain_next(org, 0, &[0; 32], first))
}
