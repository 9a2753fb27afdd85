"""What the engine asks of the machine it runs on: nothing of its own, in Rust and in what a browser loads."""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "engine/wasm/pkg/inmost_engine_bg.wasm"
CRATES = ("inmost-public", "inmost-core")
# Runtimes, clocks, files and networks that a library may bring along unasked.
NOWHERE = {"async-std", "chrono", "futures-executor", "mio", "reqwest", "smol", "socket2", "time", "tokio"}
# What only a library may have; the engine itself draws nothing and reads no clock (decision 0016).
NOT_OURS = {"getrandom", "rand", "web-time", "js-sys", "wasm-bindgen"}
# Of what the module takes from JavaScript, what is not the glue's: OpenMLS's clock, and the entropy of libcrux's provider.
FROM_THE_MACHINE = {"now", "getRandomValues"}
GLUE = re.compile(
    r"__wbindgen_\w+|__wbg_(__wbindgen_throw|get|get_unchecked|isArray|instanceof_Uint8Array|length|new|prototypesetcall|set|set_name)_[0-9a-f]+"
)
IMPORTS = """
const module = new WebAssembly.Module(require("node:fs").readFileSync(process.argv[1]));
console.log(JSON.stringify(WebAssembly.Module.imports(module).map((each) => each.name)));
"""


def needed_by(crate: str, *options: str) -> set[str]:
    tree = [
        "cargo",
        "tree",
        "--locked",
        "--package",
        crate,
        "--edges",
        "normal",
        "--prefix",
        "none",
        *options,
    ]
    done = subprocess.run(tree, cwd=ROOT, capture_output=True, text=True, check=True)
    return {line.split()[0] for line in done.stdout.splitlines() if line}


def test_the_engine_brings_no_runtime_clock_or_network() -> None:
    for crate in CRATES:
        needed = needed_by(crate)
        assert "openmls" in needed
        assert needed & NOWHERE == set()


def test_the_engine_itself_takes_neither_entropy_nor_time_from_the_system() -> None:
    for crate in CRATES:
        needed = needed_by(crate, "--depth", "1")
        assert "openmls" in needed
        assert needed & NOT_OURS == set()


def test_a_browser_is_asked_for_a_clock_and_entropy_and_nothing_else() -> None:
    done = subprocess.run(["node", "-e", IMPORTS, str(MODULE)], capture_output=True, text=True, check=True)
    imports = [name for name in json.loads(done.stdout) if not GLUE.fullmatch(name)]
    assert {name.split("_")[3] for name in imports} == FROM_THE_MACHINE
