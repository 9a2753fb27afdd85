//! `inmost_attacker`: raw MLS for whoever has a device's complete state, or the server's, and wants what our checks refuse.
//!
//! Test-only (tests/adversary). Documented in inmost_attacker.pyi.

mod bent;
mod complicit;
mod member;

use inmost_public::provider::Provider;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// An attacker's failure: the attack could not even be made.
pub fn failed(error: impl std::fmt::Debug) -> PyErr {
    PyValueError::new_err(format!("{error:?}"))
}

pub fn provider() -> PyResult<Provider> {
    Provider::new(random()?).map_err(failed)
}

fn random() -> PyResult<[u8; 32]> {
    use std::io::Read;
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[pymodule]
fn inmost_attacker(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<member::Member>()?;
    module.add_class::<member::Made>()?;
    module.add_class::<complicit::Accepted>()?;
    module.add_function(wrap_pyfunction!(member::external_commit, module)?)?;
    module.add_function(wrap_pyfunction!(member::key_package, module)?)?;
    module.add_function(wrap_pyfunction!(member::commit_aad, module)?)?;
    module.add_function(wrap_pyfunction!(member::with_role, module)?)?;
    module.add_function(wrap_pyfunction!(complicit::accept, module)?)
}
