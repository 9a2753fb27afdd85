//! The browser binding: bytes in, bytes out, one refusal, no logic. The same surface as `inmost_engine.client` in Python.

use inmost_core::refused::Refused;
use js_sys::{Array, Error, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The one error, by its name "Refused". code: stable name; words: for people. The step that threw it has changed nothing. */
export interface Refused extends Error {
  name: "Refused";
  code: string;
  words: string;
}
"#;

fn refused(refused: Refused) -> JsValue {
    let error = Error::new(&refused.to_string());
    error.set_name("Refused");
    for (name, text) in [("code", refused.code), ("words", refused.words)] {
        // It cannot fail: the error is a plain object that was made just now.
        let _ = Reflect::set(&error, &name.into(), &text.into());
    }
    error.into()
}

/// One device, of one worker. After any other error than Refused (a trap is a bug of ours) load the module anew.
#[wasm_bindgen]
pub struct Engine(inmost_core::Engine);

#[wasm_bindgen]
impl Engine {
    /// rows: [key, value] of the `state` table as it was persisted, empty for a new device. Throws Refused(Corrupt).
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Array<[Uint8Array, Uint8Array]>")] rows: Array,
    ) -> Result<Engine, JsValue> {
        let bytes = |row: &Array, at| Ok::<_, JsValue>(row.get(at).dyn_into::<Uint8Array>()?.to_vec());
        let rows = rows.iter().map(|row| {
            let row = row.dyn_into::<Array>()?;
            Ok((bytes(&row, 0)?, bytes(&row, 1)?))
        });
        let rows = rows.collect::<Result<Vec<_>, JsValue>>()?;
        inmost_core::Engine::new(rows).map(Engine).map_err(refused)
    }

    /// Take one input, [now_ms, entropy (32 fresh random bytes), kind, ...], give [rows, frames, events, wake_at_ms], both
    /// MessagePack. Carry the effects out in this order: rows (one durable transaction), frames, events. Throws Refused.
    pub fn step(&mut self, input: &[u8]) -> Result<Vec<u8>, JsValue> {
        self.0.step(input).map_err(refused)
    }

    /// Answer [name, map] from state; changes nothing. MessagePack. Throws Refused(UnknownCommand, Unknown, ...).
    pub fn view(&mut self, question: &[u8]) -> Result<Vec<u8>, JsValue> {
        self.0.view(question).map_err(refused)
    }
}
