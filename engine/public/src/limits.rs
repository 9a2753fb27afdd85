//! Every limit of the protocol, named once (docs/protocol/README.md); protocol/inmost_protocol/limits.py has the same.

pub const PROTOCOL_VERSION: u64 = 1;

pub const MIN_SEALED_BYTES: usize = 96;
pub const MAX_SEALED_BYTES: usize = 131_072;
pub const MAX_TEXT_BYTES: usize = 65_536;
pub const MAX_FRAME_BYTES: usize = 8 * 1024 * 1024;
pub const MAX_PAGE_ITEMS: usize = 200;
pub const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;
pub const MAX_HASHES: usize = 20_000;
pub const MAX_KEY_PACKAGES: usize = 100;
pub const MAX_KEY_PACKAGE_BYTES: usize = 8_192;
pub const MAX_ENTRY_BYTES: usize = 16_384;
pub const MAX_MEMBERS_WITHOUT_PATH: u64 = 32;
pub const MAX_SYNC_CONVERSATIONS: usize = 500;
pub const MAX_CLAIM_USERS: usize = 200;
pub const MAX_LINK_BYTES: usize = 65_536;
pub const MAX_VAULT_BYTES: usize = 1024 * 1024;
pub const MAX_VAULT_ROWS: usize = 500;
pub const MAX_EPHEMERAL_BYTES: usize = 2_048;
pub const CLOCK_SKEW_MS: u64 = 120_000;
pub const MAX_NAME_CHARS: usize = 80;
pub const MAX_ACCOUNT_CHARS: usize = 64;
/// Passkeys of one person that open the vault: each makes every vault row 1.2 KB larger.
pub const MAX_PASSKEY_PAPERS: usize = 7;
