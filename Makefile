# Lotse. `make demo` is the place to begin; `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo up reset test check bench chaos e2e schemas render sync

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || ls .uv/bin/uv 2>/dev/null)
RUN = $(or $(UV),.uv/bin/uv) run --no-sync
SYNC = $(or $(UV),.uv/bin/uv) sync --all-packages --locked

# A distribution's Python is built with profile-guided optimisation, as the images' is. With one that was built from
# source without it the services need some 15 % more processor time, so the system's goes first; UV_PYTHON=3.12 names
# another.
SYSTEM_PYTHON := $(lastword $(sort $(wildcard /usr/bin/python3.1[1-9])))
ifneq ($(SYSTEM_PYTHON),)
export UV_PYTHON ?= $(SYSTEM_PYTHON)
endif

help: ## What can be made
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: sync ## Run everything here and watch a busy day on it (ARGS="--speed 60 --viewer")
	@exec $(RUN) lotse demo $(ARGS)

up: sync ## Run everything here, for your own webhooks and calls (ARGS="--no-standin")
	@exec $(RUN) lotse up $(ARGS)

reset: sync ## Forget all data of demo and up
	@exec $(RUN) lotse reset --yes

test: sync ## Run the tests, in two processes (ARGS="-n 0 services/router")
	@exec $(RUN) pytest -n 2 --dist loadfile $(ARGS)

check: sync ## Style, types, layers, documents
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) basedpyright
	$(RUN) lint-imports
	$(RUN) python -m lotse.contracts.documents --check
	@if [ -e tests/test_architecture.py ]; then $(RUN) pytest -q tests/test_architecture.py; fi

e2e: sync ## The whole system, over HTTP and Kafka alone
	@exec $(RUN) pytest -m e2e $(ARGS)

bench: sync ## How much it carries on this machine
	@exec $(RUN) python -m bench.throughput $(ARGS)

chaos: sync ## Kill processes at random and count what was lost
	@exec $(RUN) python -m bench.chaos $(ARGS)

schemas: sync ## Write the event schemas and the AsyncAPI document anew
	@exec $(RUN) python -m lotse.contracts.documents

render: sync ## Build every Kubernetes overlay and hold it against schemas and code
	@exec $(RUN) python -m deploy.render $(ARGS)

sync: $(if $(UV),,.uv/bin/uv)
	@$(SYNC) $(if $(wildcard .venv/bin/lotse),--quiet) || { echo "make: the packages could not be installed; check the network and try again" >&2; exit 1; }

.uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "make: Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "… Installing uv into .uv (once)"
	@$(PYTHON) -m venv .uv 2>/dev/null || \
		{ echo "make: Python cannot make environments: install its venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@.uv/bin/pip install --quiet --disable-pip-version-check uv || \
		{ rm -rf .uv; echo "make: uv could not be installed from PyPI; check the network and try again" >&2; exit 1; }
