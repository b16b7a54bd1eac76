# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
SERVICE := .venv
DEV := .venv-dev
PIP_FLAGS := --disable-pip-version-check --quiet

# How long `make fuzz` takes, all targets together.
FUZZ_SECONDS ?= 600
# How long and how large `make soak` is.
SOAK_MINUTES ?= 30
SOAK_CAMERAS ?= 300

.PHONY: help run test lint types contracts unit bench fuzz soak prove clean

help:
	@echo "make run    install the service, watch a simulated site for one simulated day and night (2 minutes)"
	@echo "make test   install everything that the tests need, then lint, types, contracts and all tests"
	@echo "make lint | types | contracts | unit   parts of make test"
	@echo "make prove  what the delivery of alerts promises, in full: half an hour and more"
	@echo "make bench  measure checks per second, by stage"
	@echo "make soak   300 cameras with faults for 30 minutes: nothing may leak (SOAK_MINUTES=30)"
	@echo "make fuzz   fuzz everything that strangers write, for 10 minutes (FUZZ_SECONDS=600)"

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
	$(DEV)/bin/pytest -n 4 --dist loadfile

prove: $(DEV)/installed
	tests/install-servers.sh
	for database in sqlite postgres; do for proof in model kill flaky crowd; do \
		$(DEV)/bin/python -m tests.proofs $$proof --database $$database || exit 1; done; done
	$(DEV)/bin/python -m tests.proofs crowd --over 120

bench: $(SERVICE)/installed
	$(SERVICE)/bin/monitor bench

fuzz: $(DEV)/fuzz-installed
	nice -n 19 $(DEV)/bin/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

soak: $(DEV)/installed
	$(DEV)/bin/python -m tests.soak --cameras $(SOAK_CAMERAS) --minutes $(SOAK_MINUTES)

$(SERVICE)/installed: pyproject.toml constraints.txt
	@echo "Setting up $(SERVICE): the service, without torch …"
	$(PYTHON) -m venv $(SERVICE)
	$(SERVICE)/bin/pip install $(PIP_FLAGS) -c constraints.txt -e ".[postgres,reports]"
	@touch $@

# torch first and by itself: asked for by name it may come as a CPU build, which is a tenth of the size.
$(DEV)/installed: pyproject.toml constraints.txt
	@echo "Setting up $(DEV): service, training and test tools …"
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/pip install $(PIP_FLAGS) -c constraints.txt torch
	$(DEV)/bin/pip install $(PIP_FLAGS) -c constraints.txt -e ".[postgres,reports,apprise,train,dev]"
	@touch $@

$(DEV)/fuzz-installed: $(DEV)/installed
	$(DEV)/bin/pip install $(PIP_FLAGS) -c constraints.txt -e ".[fuzz]"
	@touch $@

clean:
	rm -rf $(SERVICE) $(DEV) var build dist *.egg-info
