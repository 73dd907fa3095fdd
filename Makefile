# SPDX-License-Identifier: Apache-2.0
# Everything done here, each by one word; `make help` lists the words. All that is needed is Python 3.11 and make.
# Each finished step leaves a stamp in .venv, so a second call is quick; `make clean` forgets everything.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(abspath $(VENV))/bin
WORKERS ?= 2

# Wheels only, every file checked against its hash. uv is quicker; pip, which also knows local mirrors, is the fallback.
UV_INSTALL = $(BIN)/uv pip install -q --python $(BIN)/python --require-hashes --only-binary :all:
PIP = $(BIN)/python -m pip --disable-pip-version-check
PIP_INSTALL = $(PIP) install -q --require-hashes --only-binary :all:

export BOT4_COMPILE ?= no

.PHONY: help run compiled pure compiled-tests test test-full check lint types layers fast cover real page requirements-page bench-peers bench-guard browser lock audit clean

help: ## list these words
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: $(VENV)/base ## set up the base install and run the demo
	$(BIN)/bot4 demo
	@$(BIN)/python -c 'from bot4.runtime.build import build_info; import sys; sys.exit(build_info().mode != "pure")' && \
	  echo "plain Python ran this; make compiled builds the engine in C, several times quicker, with the same answers" || true
ifneq ($(BOT4_COMPILE),no)
run: compiled
endif

# --- set-up ----------------------------------------------------------------------------------------------------------
$(VENV)/boot: locks/boot.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "bot4 is locked for Python 3.11, and $(PYTHON) is another: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) -r $< || echo "no uv here: pip will do, more slowly"
	@touch $@

$(VENV)/base: locks/base.txt pyproject.toml $(VENV)/boot
	$(UV_INSTALL) -r $< || $(PIP_INSTALL) -r $<
	BOT4_COMPILE=no $(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/all: locks/all.txt $(VENV)/base $(VENV)/torch
	$(UV_INSTALL) -r $< || $(PIP_INSTALL) -r $<
	@touch $@

# Alone, because the registry's file of the same version is the GPU build; never fall back to that.
$(VENV)/torch: locks/torch.txt $(VENV)/base
	@$(PIP_INSTALL) --no-deps -r $< 2>$(VENV)/torch.log && echo installed > $@ || \
	  { echo "missing" > $@; echo "torch: the locked CPU build was not found here; what needs it is skipped and says so ($(VENV)/torch.log)"; }

browser: # Chromium from the system's packages, where that is possible; the tests that need it say when it is not
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  echo "browser: no Chromium and no way to install it; what needs it is skipped and says so"

# --- the compiled build ----------------------------------------------------------------------------------------------
compiled: $(VENV)/all ## compile the hot modules into the checkout (minutes); edited sources are refused until it is called again
	BOT4_COMPILE=require $(BIN)/python setup.py -q build_ext --inplace

pure: ## delete what was compiled: back to plain Python
	@rm -f src/bot4_core__mypyc.* src/bot4/_build.json
	@find src/bot4 \( -name '*.so' -o -name '*.pyd' \) -delete

# --- checks ----------------------------------------------------------------------------------------------------------
check: lint types layers fast ## style, types, import rules and the quick tests (two minutes)

lint: $(VENV)/all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/all
	$(BIN)/mypy

layers: $(VENV)/all
	$(BIN)/lint-imports

fast: $(VENV)/all
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not slow and not data"

test: $(VENV)/all ## the same plus coverage, kernels without JIT, real data, kills, browser, and the engine compiled
	@$(MAKE) --no-print-directory browser lint types layers
	@$(MAKE) --no-print-directory cover
	@$(MAKE) --no-print-directory real
	@$(MAKE) --no-print-directory compiled-tests
	@$(MAKE) --no-print-directory page

# Coverage: everything but the real recordings, with every process counted, and the kernels once more as plain Python.
cover: export COVERAGE_FILE := $(CURDIR)/build/coverage/data
cover: export BOT4_EXPECT_BUILD := pure
cover: $(VENV)/all pure
	rm -rf build/coverage build/requirements
	mkdir -p build/coverage
	$(BIN)/coverage run -m pytest -q -n $(WORKERS) --dist worksteal -m "not data" --requirements-record build/requirements/1.json
	NUMBA_DISABLE_JIT=1 BOT4_HYPOTHESIS=quick \
	  $(BIN)/coverage run -m pytest -q -n $(WORKERS) --dist worksteal -m "kernel and not slow and not data"
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

# What runs the engine, once more with the hot modules in C; whatever comes of it, the checkout is plain Python again.
COMPILED_TESTS = tests/property tests/golden tests/contract tests/simulation tests/replay tests/unit/runtime
compiled-tests: compiled
	@failed=0; BOT4_EXPECT_BUILD=compiled $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not slow and not data" $(COMPILED_TESTS) \
	  --requirements-record build/requirements/3.json || failed=$$?; \
	  $(MAKE) --no-print-directory pure; exit $$failed

# The real recordings, at full speed.
real: $(VENV)/all pure
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m data --requirements-record build/requirements/2.json

page:
	@$(BIN)/python -m tests.requirement_map build/requirements.md build/requirements/1.json build/requirements/2.json \
	  build/requirements/3.json

test-full: $(VENV)/all browser ## the long counts; stopped and called again, it goes on where it was
	BOT4_FULL=1 BOT4_HYPOTHESIS=full $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --timeout 14400 --durations 20 \
	  --resume build/full.json

requirements-page: $(VENV)/all browser ## run everything once and write docs/requirements.md
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --requirements-page docs/requirements.md

bench-peers: $(VENV)/all ## bot4 and other systems at the same work; each is installed by itself under build/peers
	PYTHONPATH=. $(BIN)/python -m benchmarks.peers

bench-guard: $(VENV)/all ## the ratios that must hold without any peer; needs the compiled build
	PYTHONPATH=. $(BIN)/python -m benchmarks.guard

# --- dependencies ----------------------------------------------------------------------------------------------------
EXPORT = cd build/lock && $(BIN)/uv export -q --frozen --no-emit-project --no-annotate --no-header --format requirements-txt
OWN = PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS=

lock: $(VENV)/boot ## resolve pyproject.toml anew into locks/ (torch.txt is written by hand)
	rm -rf build/lock && mkdir -p build/lock && : > build/lock/README.md
	sed 's/^requires-python = .*/requires-python = "==3.11.*"/' pyproject.toml > build/lock/pyproject.toml
	cd build/lock && $(OWN) $(BIN)/uv lock -q --python $(BIN)/python --no-build
	$(EXPORT) --only-group boot -o ../../locks/boot.txt
	$(EXPORT) --no-default-groups --group build -o ../../locks/base.txt
	$(EXPORT) --no-default-groups --group build --group dev --all-extras --no-emit-package torch -o ../../locks/all.txt
	touch $(VENV)/boot

audit: $(VENV)/all ## ask for known vulnerabilities of everything locked; fails where nobody can be asked
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r locks/all.txt

clean: pure ## remove the environment, what was built and what was cached
	rm -rf $(VENV) build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -f uv.lock
	find src tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
