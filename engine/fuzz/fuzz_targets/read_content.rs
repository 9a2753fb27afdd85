//! Any bytes as content and as a typed recovery key: what reads is written back as the same bytes.
#![no_main]

use inmost_core::content::Content;
use inmost_core::recovery::RecoveryKey;
use inmost_public::cbor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(content) = cbor::decode(bytes)
        .map_err(Into::into)
        .and_then(|item| Content::from_item(&item))
    {
        assert_eq!(cbor::encode(&content.to_item()), bytes);
    }
    if let Ok(key) = RecoveryKey::from_text(&String::from_utf8_lossy(bytes)) {
        assert_eq!(
            RecoveryKey::from_text(&key.to_text()).map(|read| *read.as_bytes()),
            Ok(*key.as_bytes())
        );
    }
});
