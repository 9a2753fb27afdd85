//! The engine: what a device of Inmost decides, seals and opens. Input in, effects out; no clock, network or disk.

pub mod aead;
pub mod content;
pub mod keys;
pub mod link;
pub mod message;
pub mod padme;
pub mod recovery;
pub mod safety;
pub mod signature;
pub mod vault;
