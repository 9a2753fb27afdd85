//! What anybody may check of Inmost without a secret: directory, groups as seen from outside, signatures, limits.

pub mod cbor;
pub mod commit;
pub mod credential;
pub mod directory;
/// For tests and fuzzers of other crates too (feature `fixture`); never part of a product build.
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod group;
pub mod ids;
pub mod invitation;
pub mod limits;
pub mod log;
pub mod provider;
pub mod refusal;
pub mod roles;
pub mod sealed;
pub mod settings;
pub mod sign;
pub mod sign_in;
#[cfg(test)]
mod vectors;

pub use refusal::Refusal;
