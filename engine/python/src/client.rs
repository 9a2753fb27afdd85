//! The client half of the binding: the engine's `step` for the Python SDK.

use pyo3::prelude::*;

pub fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
