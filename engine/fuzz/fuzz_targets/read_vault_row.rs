//! Any bytes as a vault or a vault row: refused or read, never a panic.
#![no_main]

use inmost_core::vault::{Vault, VaultRow};
use inmost_public::ids::sha256;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = VaultRow::decode(bytes);
    let _ = Vault::decode(bytes, 0, &sha256(&[bytes]));
});
