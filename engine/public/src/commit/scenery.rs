//! What the tests of commits have in common: the leaf of a device, and a commit that changes nothing.

use super::*;
use crate::credential::{Identity, Leaf};
use crate::fixture::World;
use crate::ids::Device;

pub fn leaf(world: &World, device: Device) -> Leaf {
    let identity = Identity::of(device, &world.directory).unwrap();
    Leaf { identity, sig_public: world.directory.device(device).unwrap().sig_public }
}

/// By this leaf, with path.
pub fn empty_commit(world: &World, view: &GroupView, by: u32) -> CommitView {
    CommitView {
        committer: Committer::Member(by),
        adds: vec![],
        removes: vec![],
        server_removes: vec![],
        self_removes: vec![],
        external_inits: 0,
        settings: None,
        keeps_frozen: true,
        is_known: true,
        has_path: true,
        path_leaf: view.roster.get(&by).copied(),
        aad: CommitAad::new(world.directory.head().unwrap(), 1_000_000),
    }
}
