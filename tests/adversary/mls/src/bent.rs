//! Cryptography that is honest except in one point, so that OpenMLS itself builds what it would never build.

use std::sync::atomic::{AtomicUsize, Ordering};

use inmost_public::provider::{Provider, Rand, Storage};
use openmls_libcrux_crypto::CryptoProvider;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::{
    AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeCiphertext, HpkeConfig, HpkeKeyPair, KemOutput,
    SignatureScheme,
};
use openmls_traits::OpenMlsProvider;
use tls_codec::SecretVLBytes;

/// The one point.
#[derive(Clone, Default)]
pub enum Bend {
    #[default]
    None,
    /// The path opens for none but the first recipient.
    HalfPath,
    /// The first MAC that is made: a commit's confirmation tag.
    ConfirmationTag,
    /// One leaf of the tree is taken for one's own: what is hashed has `instead` where the tree given to OpenMLS has `shown`.
    Mask { shown: Vec<u8>, instead: Vec<u8> },
}

pub struct Bent {
    honest: CryptoProvider,
    bend: Bend,
    sealed: AtomicUsize,
    macs: AtomicUsize,
}

pub struct BentProvider {
    honest: Provider,
    crypto: Bent,
}

impl BentProvider {
    pub fn new(honest: Provider, bend: Bend) -> pyo3::PyResult<Self> {
        let crypto = Bent {
            honest: CryptoProvider::new().map_err(crate::failed)?,
            bend,
            sealed: AtomicUsize::new(0),
            macs: AtomicUsize::new(0),
        };
        Ok(BentProvider { honest, crypto })
    }
}

impl OpenMlsProvider for BentProvider {
    type CryptoProvider = Bent;
    type RandProvider = Rand;
    type StorageProvider = Storage;

    fn storage(&self) -> &Storage {
        self.honest.storage()
    }

    fn crypto(&self) -> &Bent {
        &self.crypto
    }

    fn rand(&self) -> &Rand {
        self.honest.rand()
    }
}

pub fn replaced(data: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while !rest.is_empty() {
        if rest.starts_with(from) {
            out.extend_from_slice(to);
            rest = &rest[from.len()..];
        } else {
            out.push(rest[0]);
            rest = &rest[1..];
        }
    }
    out
}

impl OpenMlsCrypto for Bent {
    fn hmac(&self, hash: HashType, key: &[u8], message: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        let mac = self.honest.hmac(hash, key, message)?;
        let is_first = self.macs.fetch_add(1, Ordering::Relaxed) == 0;
        if is_first && matches!(self.bend, Bend::ConfirmationTag) {
            let mut wrong = mac.as_slice().to_vec();
            wrong[0] ^= 1;
            return Ok(wrong.into());
        }
        Ok(mac)
    }

    fn hash(&self, hash: HashType, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match &self.bend {
            Bend::Mask { shown, instead } => self.honest.hash(hash, &replaced(data, shown, instead)),
            _ => self.honest.hash(hash, data),
        }
    }

    fn verify_signature(
        &self,
        alg: SignatureScheme,
        data: &[u8],
        pk: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        match self.bend {
            Bend::Mask { .. } => Ok(()),
            _ => self.honest.verify_signature(alg, data, pk, signature),
        }
    }

    fn hpke_seal(
        &self,
        config: HpkeConfig,
        pk: &[u8],
        info: &[u8],
        aad: &[u8],
        text: &[u8],
    ) -> Result<HpkeCiphertext, CryptoError> {
        let is_later = self.sealed.fetch_add(1, Ordering::Relaxed) > 0;
        if is_later && matches!(self.bend, Bend::HalfPath) {
            return self.honest.hpke_seal(config, pk, info, aad, &vec![0; text.len()]);
        }
        self.honest.hpke_seal(config, pk, info, aad, text)
    }

    fn supports(&self, suite: Ciphersuite) -> Result<(), CryptoError> {
        self.honest.supports(suite)
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        self.honest.supported_ciphersuites()
    }

    fn hkdf_extract(&self, hash: HashType, salt: &[u8], ikm: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        self.honest.hkdf_extract(hash, salt, ikm)
    }

    fn hkdf_expand(&self, hash: HashType, prk: &[u8], info: &[u8], len: usize) -> Result<SecretVLBytes, CryptoError> {
        self.honest.hkdf_expand(hash, prk, info, len)
    }

    fn aead_encrypt(
        &self,
        alg: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.honest.aead_encrypt(alg, key, data, nonce, aad)
    }

    fn aead_decrypt(
        &self,
        alg: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.honest.aead_decrypt(alg, key, data, nonce, aad)
    }

    fn signature_key_gen(&self, alg: SignatureScheme) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        self.honest.signature_key_gen(alg)
    }

    fn sign(&self, alg: SignatureScheme, data: &[u8], key: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.honest.sign(alg, data, key)
    }

    fn hpke_open(
        &self,
        config: HpkeConfig,
        input: &HpkeCiphertext,
        sk: &[u8],
        info: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.honest.hpke_open(config, input, sk, info, aad)
    }

    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        pk: &[u8],
        info: &[u8],
        context: &[u8],
        len: usize,
    ) -> Result<(KemOutput, ExporterSecret), CryptoError> {
        self.honest.hpke_setup_sender_and_export(config, pk, info, context, len)
    }

    fn hpke_setup_receiver_and_export(
        &self,
        config: HpkeConfig,
        enc: &[u8],
        sk: &[u8],
        info: &[u8],
        context: &[u8],
        len: usize,
    ) -> Result<ExporterSecret, CryptoError> {
        self.honest
            .hpke_setup_receiver_and_export(config, enc, sk, info, context, len)
    }

    fn derive_hpke_keypair(&self, config: HpkeConfig, ikm: &[u8]) -> Result<HpkeKeyPair, CryptoError> {
        self.honest.derive_hpke_keypair(config, ikm)
    }
}
