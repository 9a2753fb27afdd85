//! `inmost_engine.client`: the engine's `step` and `view` for the Python SDK. Documented in inmost_engine/client.pyi.

use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator};

pyo3::create_exception!(inmost_engine.client, Refused, PyException);

fn refused(refused: inmost_core::refused::Refused) -> PyErr {
    Python::attach(|py| {
        let error = Refused::new_err(refused.to_string());
        let value = error.value(py);
        let set = value.setattr("code", &refused.code).and_then(|()| value.setattr("words", &refused.words));
        set.err().unwrap_or(error)
    })
}

/// The engine may be moved between threads; a second one that steps it waits for the first.
#[pyclass(module = "inmost_engine.client")]
struct Engine(std::sync::Mutex<inmost_core::Engine>);

#[pymethods]
impl Engine {
    #[new]
    fn new(py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Self> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> =
            PyIterator::from_object(rows)?.map(|row| row?.extract()).collect::<PyResult<_>>()?;
        py.detach(|| inmost_core::Engine::new(rows)).map(|engine| Engine(engine.into())).map_err(refused)
    }

    fn step<'py>(&self, py: Python<'py>, input: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let effects = py.detach(|| self.0.lock().map(|mut engine| engine.step(input)).map_err(|_| ()));
        Ok(PyBytes::new(py, &effects.map_err(poisoned)?.map_err(refused)?))
    }

    fn view<'py>(&self, py: Python<'py>, question: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let answer = py.detach(|| self.0.lock().map(|mut engine| engine.view(question)).map_err(|_| ()));
        Ok(PyBytes::new(py, &answer.map_err(poisoned)?.map_err(refused)?))
    }
}

/// A panic is a bug; the engine's memory may not be what its rows are, so it is not used again.
fn poisoned(_: ()) -> PyErr {
    PyRuntimeError::new_err("the engine failed in an earlier step; make a new one from its rows")
}

pub fn register(native: &Bound<'_, PyModule>) -> PyResult<()> {
    let module = PyModule::new(native.py(), "client")?;
    module.add("Refused", native.py().get_type::<Refused>())?;
    module.add_class::<Engine>()?;
    native.add_submodule(&module)
}
