//! Key packages: what others add this device with, while it may be offline. Their private parts are rows.

use inmost_public::credential::{capabilities, SUITE};
use inmost_public::Refusal;
use openmls::prelude::{KeyPackage, Lifetime, MlsMessageOut};
use openmls_traits::OpenMlsProvider;
use serde::{Deserialize, Serialize};

use crate::conversation::commit::serialized;
use crate::frames::PublishKeyPackages;
use crate::machine::Machine;
use crate::rows::Row;
use crate::session::{Asked, Duty, Wake};

const KEPT: u64 = 50;
const REFILL_BELOW: u64 = 20;
/// Beyond this a key package is not added with any more.
const LIFETIME_S: u64 = 84 * 24 * 3_600;
const BACKDATED_S: u64 = 3_600;
const REPLACE_LAST_RESORT_MS: u64 = 7 * 24 * 3_600_000;

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Published {
    last_resort_ms: u64,
}

impl Machine {
    pub(crate) fn lifetime(&self) -> Lifetime {
        let now_s = self.now / 1_000;
        Lifetime::init(now_s.saturating_sub(BACKDATED_S), now_s + LIFETIME_S)
    }

    /// Publish what is missing: one-time packages below a fifth, the last-resort one weekly.
    pub(crate) fn publish_key_packages(&mut self, count: u64) -> Result<(), Refusal> {
        let published: Published = self.rows.get(Row::KeyPackageState)?.unwrap_or_default();
        let replaces_last_resort = self.now >= published.last_resort_ms + REPLACE_LAST_RESORT_MS;
        let missing = if count < REFILL_BELOW { KEPT - count } else { 0 };
        if !self.session.may(Duty::KeyPackages, self.now) {
            return Ok(());
        }
        if self.session.is_asked(&Asked::Publish) || (missing == 0 && !replaces_last_resort) {
            return Ok(());
        }
        let provider = self.provider()?;
        let packages = (0..missing)
            .map(|_| self.key_package(&provider, false))
            .collect::<Result<_, _>>()?;
        let last_resort = if replaces_last_resort {
            Some(self.key_package(&provider, true)?)
        } else {
            None
        };
        for (key, value) in provider.storage().take_delta() {
            let key = [&Row::KeyPackages.key()[..], &key].concat();
            if let Some(value) = value {
                self.rows.put_bytes(key, value);
            }
        }
        if replaces_last_resort {
            self.rows.put(
                Row::KeyPackageState,
                &Published {
                    last_resort_ms: self.now,
                },
            );
        }
        self.session.wake(Wake::KeyPackages, self.now + REPLACE_LAST_RESORT_MS);
        self.ask(Asked::Publish, |id| {
            PublishKeyPackages {
                id,
                packages,
                last_resort,
            }
            .into()
        });
        Ok(())
    }

    fn key_package(
        &self,
        provider: &inmost_public::provider::Provider,
        is_last_resort: bool,
    ) -> Result<Vec<u8>, Refusal> {
        let mut builder = KeyPackage::builder()
            .key_package_lifetime(self.lifetime())
            .leaf_node_capabilities(capabilities());
        if is_last_resort {
            builder = builder.mark_as_last_resort();
        }
        let bundle = builder
            .build(SUITE, provider, &self.keys()?.sig, self.own_credential()?)
            .map_err(|_| Refusal::Malformed)?;
        serialized(&MlsMessageOut::from(bundle.into_key_package()))
    }

    /// The server could not take them: publish again at the next connection.
    pub(crate) fn publish_refused(&mut self) {
        self.rows.delete(Row::KeyPackageState);
        self.session.put_off(Duty::KeyPackages, self.now);
    }
}
