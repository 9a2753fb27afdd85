//! What OpenMLS stands on here: libcrux, random numbers from entropy that was given, and rows that are persisted by somebody else.
//!
//! No clock, no disk, no operating-system entropy: the host gives entropy, and takes the changed rows.

mod codec;
mod crypto;
mod rows;
mod storage;
mod tree;

use std::sync::Mutex;

use openmls_traits::random::OpenMlsRand;
use openmls_traits::OpenMlsProvider;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

pub use crypto::Crypto;
pub use rows::{group_prefix, Changes, Row, StorageError};
pub use storage::Storage;

use crate::refusal::Refusal;

/// Random numbers from 32 bytes of entropy given by the host (ChaCha20).
pub struct Rand(Mutex<ChaCha20Rng>);

/// The lock was poisoned by a panic.
#[derive(Debug, thiserror::Error)]
#[error("random numbers are not available")]
pub struct RandError;

impl Rand {
    pub fn new(entropy: [u8; 32]) -> Self {
        Rand(Mutex::new(ChaCha20Rng::from_seed(entropy)))
    }

    /// Stir fresh entropy of the host into what was given before.
    pub fn add_entropy(&self, entropy: &[u8; 32]) {
        let mut rng = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        *rng = ChaCha20Rng::from_seed(crate::ids::sha256(&[&seed, entropy]));
    }

    pub fn array<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).fill_bytes(bytes);
    }
}

impl OpenMlsRand for Rand {
    type Error = RandError;

    fn random_array<const N: usize>(&self) -> Result<[u8; N], RandError> {
        Ok(self.array())
    }

    fn random_vec(&self, len: usize) -> Result<Vec<u8>, RandError> {
        let mut bytes = vec![0; len];
        self.fill(&mut bytes);
        Ok(bytes)
    }
}

/// The OpenMLS provider of the server and of the engine.
pub struct Provider {
    crypto: Crypto,
    rand: Rand,
    storage: Storage,
}

impl Provider {
    /// `entropy`: 32 random bytes of the host, used once.
    pub fn new(entropy: [u8; 32]) -> Result<Self, Refusal> {
        let crypto = Crypto::new(&entropy).map_err(|_| Refusal::Corrupt)?;
        Ok(Provider { crypto, rand: Rand::new(entropy), storage: Storage::default() })
    }
}

impl OpenMlsProvider for Provider {
    type CryptoProvider = Crypto;
    type RandProvider = Rand;
    type StorageProvider = Storage;

    fn storage(&self) -> &Storage {
        &self.storage
    }

    fn crypto(&self) -> &Crypto {
        &self.crypto
    }

    fn rand(&self) -> &Rand {
        &self.rand
    }
}
