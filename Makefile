# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
SERVICE := .venv
DEV := .venv-dev
PIP_FLAGS := --disable-pip-version-check --quiet

.PHONY: help run test lint types contracts unit bench clean

help:
	@echo "make run    install the service, watch a simulated site for one simulated day and night (2 minutes)"
	@echo "make test   install everything that the tests need, then lint, types, contracts and all tests"
	@echo "make lint | types | contracts | unit   parts of make test"
	@echo "make bench  measure checks per second, by stage"

run: $(SERVICE)/installed
	$(SERVICE)/bin/monitor demo

test: lint types contracts unit

lint: $(DEV)/installed
	$(DEV)/bin/ruff check monitor train tests migrations
	$(DEV)/bin/ruff format --check --quiet monitor train tests migrations

types: $(DEV)/installed
	$(DEV)/bin/mypy

contracts: $(DEV)/installed
	$(DEV)/bin/lint-imports

unit: $(DEV)/installed
	tests/install-servers.sh
	$(DEV)/bin/pytest -n 2 --dist loadfile

bench: $(SERVICE)/installed
	$(SERVICE)/bin/monitor bench

$(SERVICE)/installed: pyproject.toml constraints.txt
	@echo "Setting up $(SERVICE): the service, without torch …"
	$(PYTHON) -m venv $(SERVICE)
	$(SERVICE)/bin/pip install $(PIP_FLAGS) -c constraints.txt -e ".[postgres]"
	@touch $@

# torch first and by itself: asked for by name it may come as a CPU build, which is a tenth of the size.
$(DEV)/installed: pyproject.toml constraints.txt
	@echo "Setting up $(DEV): service, training and test tools …"
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/pip install $(PIP_FLAGS) -c constraints.txt torch
	$(DEV)/bin/pip install $(PIP_FLAGS) -c constraints.txt -e ".[postgres,apprise,train,dev]"
	@touch $@

clean:
	rm -rf $(SERVICE) $(DEV) var build dist *.egg-info
