//! Makes the JavaScript side of a WebAssembly module. Not called wasm-bindgen: rustc takes a crate of that name for an old version.

fn main() {
    if let Err(error) = wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os()) {
        eprintln!("{error:?}");
        std::process::exit(1);
    }
}
