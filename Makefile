# Two commands: `make up` runs Inmost from this checkout, `make test` proves it. Both set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Python keeps what it compiled, whatever the environment says: without that each start takes three times as long.
unexport PYTHONDONTWRITEBYTECODE

# Where `make up` keeps its organisation, and what else `inmost up` is told: make up DATA=/srv/inmost ARGS="--port 8443"
DATA ?= data
ARGS ?=
# One test, one folder, or cargo:NAME for the Rust tests whose names have NAME in them: make test ONLY=tests/story
ONLY ?=
# make fresh STEP=up proves only that; both without it.
STEP ?= up test
# dev is quick to build again and checks overflow; release is what `make up` and `make bench` run.
ENGINE ?= dev

SCRIPTS := .ci/run engine/wasm/build deploy/fresh deploy/install deploy/tools.sh fuzz/instrumented fuzz/run tests/run web/build/app web/rest/make web/rest/make
TOOLS := . deploy/tools.sh;
UV := $(TOOLS) $$(find_uv)
BIN := .venv/bin

.PHONY: help up test soak test-defences check bench fresh engine wasm web attacker python format fuzz fuzz-planted fuzz-coverage fuzz-minimise

help:
	@echo "make up       install what is missing (asks once), build, run; a first start prints the owner's link"
	@echo "make test     everything: checks, Rust and Python tests, and that each promise in docs/promises.md was shown"
	@echo "make soak     the story on PostgreSQL at its full length, ten thousand messages"
	@echo "make test-defences  each defence taken out: its attack must then succeed; ONLY=name for one"
	@echo "make fuzz     the fuzzers, SECONDS=300 for each target; ONLY=name for one (docs/fuzzing.md)"
	@echo "make check    formatting, lint, types, who may import what"
	@echo "make format   put the formatting right"
	@echo "make bench    every figure the project claims; ONLY=name for one"
	@echo "make fresh    prove \`make up\` and \`make test\` in an empty Debian; STEP=up or STEP=test for one"
	@echo "make engine   only build the engine for this checkout's Python (ENGINE=release for the fast one)"
	@echo "make wasm     only build the engine for browsers"
	@echo "make web      only build the web app"

up:
	@deploy/install up
	@$(MAKE) python engine web ENGINE=release
	@exec $(BIN)/inmost up --data "$(DATA)" $(ARGS)

# The Python environment, exactly as uv.lock says; nothing to do takes a tenth of a second.
python:
	@$(UV) sync --quiet --locked --all-packages --python "$$(find_python)"
	@echo "$(CURDIR)/engine/python" >"$$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/inmost_engine.pth"

# Rust for Python: cargo knows what changed; the copy is renamed into place because a running server may have the old one open.
built = $(or $(CARGO_TARGET_DIR),target)/$(if $(filter dev,$(ENGINE)),debug,$(ENGINE))
quietly = [ -t 2 ] && quiet= || quiet=--quiet
put = cmp -s $(1) $(2) || { cp $(1) $(2).new && mv $(2).new $(2); }

engine:
	@[ -e $(built)/lib_native.so ] || echo "Building the engine ($(ENGINE)): minutes the first time, seconds from then on"
	@$(TOOLS) $(quietly); cargo build --locked $$quiet -p inmost-python --profile $(ENGINE)
	@$(call put,$(built)/lib_native.so,engine/python/inmost_engine/_native.abi3.so)

# The same engine for browsers: engine/wasm/pkg.
wasm:
	@deploy/install up
	@engine/wasm/build

# The web app, for the server to hand out: built anew only when something it is made of has changed.
web: wasm
	@web/build/app

# What adversary tests may do with MLS and the product's engine refuses to do.
attacker:
	@$(TOOLS) $(quietly); cargo build --locked $$quiet -p inmost-attacker --profile $(ENGINE)
	@$(call put,$(built)/libinmost_attacker.so,tests/adversary/inmost_attacker.abi3.so)

test:
	@deploy/install up test
	@$(MAKE) python engine attacker web
	@ONLY="$(ONLY)" tests/run

soak:
	@deploy/install up test
	@$(MAKE) python engine
	@INMOST_TEST_SOAK=1 $(BIN)/pytest tests/story -k postgresql

# Takes each defence out in turn and shows that its attack then succeeds; slow. The result stays in tests/adversary/without/RESULT.md.
test-defences:
	@deploy/install up test
	@$(MAKE) python
	@$(BIN)/python -m tests.adversary.defences $(ONLY)

# Each kind of check runs though another has failed: one run names everything.
check:
	@deploy/install up test
	@$(MAKE) python
	@mkdir -p .build; failed=0; $(TOOLS) \
	$$(find_uv) lock --check --quiet --python "$$(find_python)" || failed=1; \
	$(BIN)/ruff check --quiet --output-format=concise || failed=1; \
	$(BIN)/ruff format --quiet --check --output-format=concise || { echo "make format puts that right"; failed=1; }; \
	$(BIN)/shellcheck --external-sources --shell=bash $(SCRIPTS) || failed=1; \
	$(BIN)/lint-imports --no-logo >.build/imports.txt || { cat .build/imports.txt; failed=1; }; \
	$(BIN)/mypy || failed=1; \
	cargo fmt --all --check --quiet || { echo "make format puts that right"; failed=1; }; \
	if [ -e engine/python/inmost_engine/_native.abi3.so ]; then $(BIN)/python -m inmost_server.openapi --check docs/protocol/openapi.json || failed=1; \
	else echo "Not checked: docs/protocol/openapi.json. The engine is not built (make engine); make test checks it."; fi; \
	web/build/app packages || failed=1; \
	(cd web && node_modules/.bin/biome check --diagnostic-level=error . >../.build/biome.txt 2>&1) || { cat .build/biome.txt; failed=1; }; \
	if [ -e engine/wasm/pkg/inmost_engine.d.ts ]; then web/node_modules/.bin/tsc --project web || failed=1; \
	else echo "Not checked: the web app's types. The engine for browsers is not built (make wasm); make test checks them."; fi; \
	if cargo clippy --version >/dev/null 2>&1; then cargo clippy --locked --quiet --workspace --all-targets -- -D warnings || failed=1; \
	else echo "Not checked: clippy. Debian has none for this compiler; rustup's toolchain brings it."; fi; \
	exit $$failed

format: python
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet
	@$(TOOLS) cargo fmt --all
	@$(TOOLS) web/build/app packages && cd web && node_modules/.bin/biome check --write --diagnostic-level=error .

bench:
	@deploy/install up test
	@$(MAKE) python engine web ENGINE=release
	@$(TOOLS) $(BIN)/python -m bench $(ONLY)

fresh:
	@deploy/install fresh
	@deploy/fresh $(STEP)

# What was found before is replayed by `make test`; these look for more, and need more (docs/fuzzing.md).
SECONDS_EACH = $(or $(SECONDS),300)

fuzz fuzz-planted fuzz-coverage fuzz-minimise:
	@deploy/install up test
	@$(MAKE) python engine
	@ONLY="$(ONLY)" SECONDS_EACH="$(SECONDS_EACH)" fuzz/run $@
