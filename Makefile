# One command for each thing. `make up` and `make test` do their own set-up; a second run finds it done.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
# pip's own notices say nothing about this project.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SCRIPTS := $(wildcard scripts/*) .ci/run
COMPOSE_FILES := docker-compose.yml compose.host.yaml

export PYTHONUNBUFFERED := 1

.PHONY: help up setup test check bench clean format setup-test asterisk-root sounds system system-test

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

# `hotline up` makes Asterisk and prompts itself where they are missing.
up: system $(VENV)/.made-run ## Set everything up and run the hotline; Ctrl-C stops it
	@$(BIN)/hotline up

setup: system $(VENV)/.made-run ## Set everything up: packages, Python, Asterisk, prompts
	@$(BIN)/python -m hotline_ivr.setup

test: setup-test ## Run all tests, real calls included; ARGS="tests/setup -k music" runs some
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@scripts/test-all $(BIN)/python
endif

check: $(VENV)/.made-test ## Style, types, import rules, documentation, YAML, images, shell scripts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python scripts/check-docs
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec $(COMPOSE_FILES)
	$(BIN)/check-jsonschema --quiet --schemafile config/hotline.schema.json config/*.yaml config/examples/*/*.yaml
	$(BIN)/check-jsonschema --quiet --schemafile sounds/prompts.schema.json sounds/*.yaml config/examples/*/prompts/*.yaml
	@scripts/check-shell $(SCRIPTS)

bench: setup-test ## Measure what the targets speak of; takes some minutes
	@$(BIN)/python -m bench

format: $(VENV)/.made-test ## Bring the code into the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## Remove what can be made again in minutes: the Python environment and caches; records stay
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage dist

# The parts. Each is quick when there is nothing to do.

system: ## Debian packages that running needs
	@scripts/system-packages run

system-test: ## Debian packages that the tests need beside them
	@scripts/system-packages run test

setup-test: system-test $(VENV)/.made-test
	@$(BIN)/python -m hotline_ivr.setup

asterisk-root: system $(VENV)/.made-run ## Our own Asterisk; the one part that needs root's rights
	@$(BIN)/python -m hotline_ivr.setup asterisk

sounds: system $(VENV)/.made-run ## Prompts and music on hold
	@$(BIN)/python -m hotline_ivr.setup sounds

$(VENV)/.made-base: constraints.txt
	@scripts/system-packages python
	@echo "Making the Python environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --constraint constraints.txt --upgrade pip
	@$(PIP) install --constraint constraints.txt hatchling editables
	@touch $@

$(VENV)/.made-run: $(VENV)/.made-base pyproject.toml
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[postgres]'
	@touch $@

$(VENV)/.made-test: $(VENV)/.made-run
	@echo "Adding the tools for tests and checks ..."
	@$(PIP) install --constraint constraints.txt --group check --group test
	@touch $@
