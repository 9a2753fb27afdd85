//! libcrux for OpenMLS, with one difference: what HPKE draws comes from the entropy that the host gave (decision 0016).
//!
//! The provider of OpenMLS seeds HPKE from the operating system. Here the 64 random bytes of an encapsulation are derived
//! from that entropy and from all that is sealed, so they do not depend on the order in which OpenMLS seals (it uses several
//! threads where there are any), and a commit is the same bytes in Python and in the browser.

use hkdf::Hkdf;
use hpke_rs::{Context, Hpke, Mode};
use hpke_rs_libcrux::HpkeLibcrux;
use libcrux_kem::{Algorithm, PublicKey};
use openmls_libcrux_crypto::CryptoProvider;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::{
    AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeAeadType, HpkeCiphertext, HpkeConfig,
    HpkeKdfType, HpkeKemType, HpkeKeyPair, KemOutput, SignatureScheme,
};
use sha2::Sha256;
use tls_codec::SecretVLBytes;
use zeroize::Zeroizing;

use crate::ids::sha256;

/// An X-Wing key: one of ML-KEM-768, one of X25519.
const PUBLIC_BYTES: usize = 1184 + 32;
/// X-Wing's encapsulation takes 32 bytes for ML-KEM and 32 for X25519.
const ENCAPSULATION_BYTES: usize = 64;

pub struct Crypto {
    libcrux: CryptoProvider,
    seed: Zeroizing<[u8; 32]>,
}

impl Crypto {
    /// `entropy`: 32 random bytes of the host.
    pub fn new(entropy: &[u8; 32]) -> Result<Self, CryptoError> {
        Ok(Crypto { libcrux: CryptoProvider::new()?, seed: Zeroizing::new(sha256(&[b"inmost/1 hpke", entropy])) })
    }

    /// HPKE's SetupBaseS (RFC 9180 section 5.1.1). `sealed`: what will be sealed, so that no two seals share their randomness.
    fn sender(
        &self,
        config: &HpkeConfig,
        public: &[u8],
        info: &[u8],
        sealed: &[&[u8]],
    ) -> Result<(KemOutput, Context<HpkeLibcrux>), CryptoError> {
        use hpke_rs::hpke_types::{AeadAlgorithm, KdfAlgorithm, KemAlgorithm};
        let HpkeConfig(HpkeKemType::XWingKemDraft6, HpkeKdfType::HkdfSha256, HpkeAeadType::ChaCha20Poly1305) = config
        else {
            return Err(CryptoError::UnsupportedCiphersuite);
        };
        if public.len() != PUBLIC_BYTES {
            return Err(CryptoError::InvalidPublicKey); // libcrux-kem 0.0.9 panics on one that is too short
        }
        let random = self.random(&[&[public, info], sealed].concat())?;
        let public =
            PublicKey::decode(Algorithm::XWingKemDraft06, public).map_err(|_| CryptoError::InvalidPublicKey)?;
        let (shared, output) = public.encapsulate_derand(&random[..]).map_err(|_| CryptoError::SenderSetupError)?;
        let hpke = Hpke::<HpkeLibcrux>::new(
            Mode::Base,
            KemAlgorithm::XWingDraft06,
            KdfAlgorithm::HkdfSha256,
            AeadAlgorithm::ChaCha20Poly1305,
        );
        let shared = Zeroizing::new(shared.encode());
        let context = hpke.key_schedule(&shared, info, &[], &[]).map_err(|_| CryptoError::SenderSetupError)?;
        Ok((output.encode(), context))
    }

    /// HKDF over the seed; each part is hashed by itself, so that no two lists of parts look alike.
    fn random(&self, parts: &[&[u8]]) -> Result<Zeroizing<[u8; ENCAPSULATION_BYTES]>, CryptoError> {
        let info: Vec<[u8; 32]> = parts.iter().map(|part| sha256(&[part])).collect();
        let mut random = Zeroizing::new([0; ENCAPSULATION_BYTES]);
        Hkdf::<Sha256>::new(None, &self.seed[..])
            .expand(info.as_flattened(), &mut random[..])
            .map_err(|_| CryptoError::HkdfOutputLengthInvalid)?;
        Ok(random)
    }
}

impl OpenMlsCrypto for Crypto {
    fn hpke_seal(
        &self,
        config: HpkeConfig,
        public: &[u8],
        info: &[u8],
        aad: &[u8],
        text: &[u8],
    ) -> Result<HpkeCiphertext, CryptoError> {
        let (kem_output, mut context) = self.sender(&config, public, info, &[b"seal", aad, text])?;
        let ciphertext = context.seal(aad, text).map_err(|_| CryptoError::HpkeEncryptionError)?;
        Ok(HpkeCiphertext { kem_output: kem_output.into(), ciphertext: ciphertext.into() })
    }

    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        public: &[u8],
        info: &[u8],
        exporter_context: &[u8],
        len: usize,
    ) -> Result<(KemOutput, ExporterSecret), CryptoError> {
        let (kem_output, context) = self.sender(&config, public, info, &[b"export", exporter_context])?;
        let secret = context.export(exporter_context, len).map_err(|_| CryptoError::ExporterError)?;
        Ok((kem_output, secret.into()))
    }

    /// Nobody calls it: the engine makes its keys from the host's entropy (`sign.rs`).
    fn signature_key_gen(&self, _: SignatureScheme) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        Err(CryptoError::InsufficientRandomness)
    }

    // All else draws nothing, and is libcrux.

    fn supports(&self, suite: Ciphersuite) -> Result<(), CryptoError> {
        self.libcrux.supports(suite)
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        self.libcrux.supported_ciphersuites()
    }

    fn hkdf_extract(&self, hash: HashType, salt: &[u8], ikm: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        self.libcrux.hkdf_extract(hash, salt, ikm)
    }

    fn hkdf_expand(&self, hash: HashType, prk: &[u8], info: &[u8], len: usize) -> Result<SecretVLBytes, CryptoError> {
        self.libcrux.hkdf_expand(hash, prk, info, len)
    }

    fn hmac(&self, hash: HashType, key: &[u8], message: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        self.libcrux.hmac(hash, key, message)
    }

    fn hash(&self, hash: HashType, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.libcrux.hash(hash, data)
    }

    fn aead_encrypt(
        &self,
        alg: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.libcrux.aead_encrypt(alg, key, data, nonce, aad)
    }

    fn aead_decrypt(
        &self,
        alg: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.libcrux.aead_decrypt(alg, key, data, nonce, aad)
    }

    fn verify_signature(
        &self,
        alg: SignatureScheme,
        data: &[u8],
        public: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        self.libcrux.verify_signature(alg, data, public, signature)
    }

    fn sign(&self, alg: SignatureScheme, data: &[u8], key: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.libcrux.sign(alg, data, key)
    }

    fn hpke_open(
        &self,
        config: HpkeConfig,
        input: &HpkeCiphertext,
        private: &[u8],
        info: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.libcrux.hpke_open(config, input, private, info, aad)
    }

    fn hpke_setup_receiver_and_export(
        &self,
        config: HpkeConfig,
        enc: &[u8],
        private: &[u8],
        info: &[u8],
        exporter_context: &[u8],
        len: usize,
    ) -> Result<ExporterSecret, CryptoError> {
        self.libcrux.hpke_setup_receiver_and_export(config, enc, private, info, exporter_context, len)
    }

    fn derive_hpke_keypair(&self, config: HpkeConfig, ikm: &[u8]) -> Result<HpkeKeyPair, CryptoError> {
        self.libcrux.derive_hpke_keypair(config, ikm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::SUITE;

    fn pair(crypto: &impl OpenMlsCrypto) -> HpkeKeyPair {
        crypto.derive_hpke_keypair(SUITE.hpke_config(), &[7; 32]).unwrap()
    }

    fn sealed(entropy: u8, text: &[u8]) -> HpkeCiphertext {
        let crypto = Crypto::new(&[entropy; 32]).unwrap();
        crypto.hpke_seal(SUITE.hpke_config(), &pair(&crypto).public, b"info", b"aad", text).unwrap()
    }

    #[test]
    fn the_same_entropy_seals_to_the_same_bytes_and_any_difference_to_others() {
        let first = sealed(1, b"text");
        assert_eq!(first, sealed(1, b"text"));
        for other in [sealed(2, b"text"), sealed(1, b"texts"), sealed(1, b"")] {
            assert_ne!(first.kem_output, other.kem_output);
        }
    }

    #[test]
    fn what_is_sealed_and_exported_here_opens_with_libcrux_alone() {
        let (ours, libcrux) = (Crypto::new(&[1; 32]).unwrap(), CryptoProvider::new().unwrap());
        let (config, keys) = (|| SUITE.hpke_config(), pair(&libcrux));
        let sealed = ours.hpke_seal(config(), &keys.public, b"info", b"aad", b"text").unwrap();
        assert_eq!(libcrux.hpke_open(config(), &sealed, &keys.private, b"info", b"aad").unwrap(), b"text");
        let (enc, secret) = ours.hpke_setup_sender_and_export(config(), &keys.public, b"info", b"context", 32).unwrap();
        let received =
            libcrux.hpke_setup_receiver_and_export(config(), &enc, &keys.private, b"info", b"context", 32).unwrap();
        assert_eq!(secret.as_ref(), received.as_ref());
    }

    #[test]
    fn a_key_that_is_none_and_another_suite_are_refused() {
        let crypto = Crypto::new(&[1; 32]).unwrap();
        for public in [&b""[..], &[0; 31], &[0; PUBLIC_BYTES - 1], &[0xff; PUBLIC_BYTES]] {
            assert!(crypto.hpke_seal(SUITE.hpke_config(), public, b"", b"", b"").is_err());
        }
        let classical = Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519.hpke_config();
        assert!(crypto.hpke_seal(classical, &[9; 32], b"", b"", b"").is_err());
    }
}
