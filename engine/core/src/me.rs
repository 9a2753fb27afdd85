//! This device: its keys, its person, and how far it has come.

use inmost_public::ids::{Device, Head, Invitation, Org, User};
use inmost_public::sign::KeyPair;
use serde::{Deserialize, Serialize};

/// How far a device has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Made a claim that the host has yet to post.
    Claiming,
    /// Has its recovery key's signature ready, the directory has yet to accept it.
    Recovering,
    Ready,
    /// Revoked or suspended: keeps what it has, gets nothing new.
    Ended,
}

/// The row about oneself. Secret: it holds the device's keys.
#[derive(Clone, Serialize, Deserialize)]
pub struct Me {
    pub org: Org,
    pub user: User,
    pub device: Device,
    pub account: String,
    pub name: String,
    pub origin: String,
    pub is_bot: bool,
    pub phase: Phase,
    pub invitation: Option<Invitation>,
    /// The head and the inviter that the invitation link named: the directory must contain them.
    pub vouched: Option<(Head, User)>,
    /// Until the claim is accepted, so that it can be made again with the same keys; nowhere after that.
    pub recovery: Option<[u8; 16]>,
    /// The server's external-sender key, which the owner's device publishes.
    pub server_key: Option<[u8; 32]>,
    pub sig_seed: [u8; 32],
    pub auth_seed: [u8; 32],
    pub device_seed: [u8; 32],
    /// Numbers rows in the order they are made.
    pub sequence: u64,
    /// The head that the link named was found in the directory.
    pub is_vouched: bool,
    /// Heads that do not extend one another were seen: additions stop until somebody decides.
    pub is_forked: bool,
}

/// The key pairs of this device, made once from their seeds.
pub struct Keys {
    pub sig: KeyPair,
    pub auth: KeyPair,
    pub seed: crate::keys::DeviceSeed,
}

impl Keys {
    pub fn of(me: &Me) -> Self {
        Keys {
            sig: KeyPair::from_seed(me.sig_seed),
            auth: KeyPair::from_seed(me.auth_seed),
            seed: crate::keys::DeviceSeed::from_bytes(me.device_seed),
        }
    }
}
