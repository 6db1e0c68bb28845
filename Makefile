# Everything a person or CI runs here; bare `make` lists it. Needs Python 3.11 or newer with pip, and nothing else.
# Set-up is incremental: .venv/.run (to use modicum) and .venv/.dev (to work on it) are stamps, renewed when what they follow from changes.

MAKEFLAGS += --no-print-directory
PYTHON ?=
HOME_DIR := .demo
BIN := .venv/bin
RUN := .venv/.run
DEV := .venv/.dev
UI := $(shell find ui -name node_modules -prune -o -type f ! -name '*.test.*' -print 2>/dev/null)
LOCK := ui/package-lock.json
PACKAGING := pyproject.toml hatch_build.py $(LOCK)
# Bytecode is made when a module is first used, not for 1 GB of libraries beforehand: that halves the wait.
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --editable
# Always the node that came with .venv, never the machine's: one version, and nobody has to have it.
NPM := PATH="$$PWD/.venv/bin:$$PATH" npm --prefix ui --silent

.DEFAULT_GOAL := help
.PHONY: help setup demo test check check-python check-ui fix ui bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

# --- set-up -----------------------------------------------------------------------------------------------------------

.venv/pyvenv.cfg:
	@PYTHON="$(PYTHON)" sh .ci/make-venv .venv

$(RUN): .venv/pyvenv.cfg $(PACKAGING) $(UI)
	@if [ -f $(DEV) ]; then $(MAKE) ui; else \
	    echo "Installing modicum and building its interface (about a minute the first time) ..."; \
	    $(INSTALL) .; fi
	@touch $(RUN)

$(DEV): .venv/pyvenv.cfg $(PACKAGING)
	@echo "Installing modicum and the tools to work on it (a minute or two the first time) ..."
	@$(INSTALL) '.[dev]'
	@touch $(DEV)

setup: $(DEV) ui ## set up .venv and the interface, to work on modicum

ui: $(DEV) ## build the interface, when it is not up to date
	@$(BIN)/python hatch_build.py
	@touch $(RUN)

# --- to use it --------------------------------------------------------------------------------------------------------

demo: $(RUN) ## open the interface on scikit-learn's digits; DRAW=1: pages to draw boxes on; ORACLE=1: no browser, an oracle labels and a table is printed
	@MODICUM_HOME="$${MODICUM_HOME:-$(HOME_DIR)}" $(BIN)/modicum demo $(if $(ORACLE),--oracle) $(if $(DRAW),--draw)

# --- to work on it ----------------------------------------------------------------------------------------------------

# As modicum itself starts: threads of linear algebra that wait for each other on a busy machine cost a fifth of the time.
test: export OPENBLAS_NUM_THREADS ?= 1
test: export OMP_NUM_THREADS ?= 1
test: $(DEV) ui ## set everything up and run all tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile --durations=10 -rs $(ARGS)

check: check-python check-ui ## formatting, lint, types and layers, in Python and TypeScript; the interface's unit tests

check-python: $(DEV)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m modicum.server.openapi | cmp - ui/openapi.json \
	    || { echo "ui/openapi.json is out of date: make fix"; exit 1; }

check-ui: $(DEV) ui
	@$(NPM) run check
	@$(NPM) run test

fix: $(DEV) ui ## mend what can be mended by machine: formatting, imports, openapi.json, the reference pages
	@$(BIN)/ruff check --fix . || true
	@$(BIN)/ruff format .
	@$(BIN)/python -m modicum.server.openapi > ui/openapi.json
	@$(NPM) run api
	@$(BIN)/python docs/make_reference.py
	@$(NPM) run fix

bench: $(DEV) ## run every benchmark and print its ratios
	@$(INSTALL) '.[bench]'
	@missed=; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script" || missed="$$missed $$script"; done; \
	    [ -z "$$missed" ] || { echo "claims that do not hold here:$$missed"; exit 1; }

clean: ## remove everything that was built or installed here, and the demo's data
	@rm -rf .venv .demo dist build ui/node_modules src/modicum/static \
	    .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/browser/screenshots
