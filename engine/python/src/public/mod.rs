//! `inmost_engine.public`: what a server may check. Documented in inmost_engine/public.pyi.

mod directory;
mod functions;
mod group;

use inmost_public::Refusal;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

pyo3::create_exception!(inmost_engine.public, Refused, PyException);

/// A refusal as the one exception: code, words and, for StaleEpoch, current_epoch.
pub fn refused(refusal: Refusal) -> PyErr {
    Python::attach(|py| {
        let error = Refused::new_err(format!("{}: {refusal}", refusal.code()));
        let value = error.value(py);
        let current_epoch = match refusal {
            Refusal::StaleEpoch { current_epoch } => Some(current_epoch),
            _ => None,
        };
        let set = value
            .setattr("code", refusal.code())
            .and_then(|()| value.setattr("words", refusal.to_string()))
            .and_then(|()| value.setattr("current_epoch", current_epoch));
        set.err().unwrap_or(error)
    })
}

/// Bytes of a fixed length; Malformed otherwise.
pub fn fixed<const N: usize>(bytes: &[u8]) -> PyResult<[u8; N]> {
    bytes.try_into().map_err(|_| refused(Refusal::Malformed))
}

pub fn register(native: &Bound<'_, PyModule>) -> PyResult<()> {
    let module = PyModule::new(native.py(), "public")?;
    module.add("Refused", native.py().get_type::<Refused>())?;
    functions::register(&module)?;
    directory::register(&module)?;
    group::register(&module)?;
    native.add_submodule(&module)
}
