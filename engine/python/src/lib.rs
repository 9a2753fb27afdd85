//! The Python binding: bytes in, small typed results out, no logic.

mod client;
mod public;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    public::register(module)?;
    client::register(module)
}
