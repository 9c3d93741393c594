# One entry point for every developer verb.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL_UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint constraints.txt
PEERS := .myx/bench/peers
SALT := .myx/bench/salt
RULEBOOK := .myx/rulebook
COMMUNITY := .myx/community
INSTALL_PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo web webcheck browser screenshots test sanity matrix molecule lint format types contracts check properties acceptance faults fuzz kills bench profile lists pruning fleet viewers docs lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

WEB := api/web
WEB_SOURCES := $(addprefix $(WEB)/,index.html package-lock.json vite.config.ts) \
	$(shell find $(WEB)/src -type f ! -name '*.test.ts' ! -name schema.d.ts)
# Node comes with the environment, so that a machine needs none of its own.
NPM := cd $(WEB) && PATH="$(CURDIR)/$(BIN):$$PATH" npm --no-audit --no-fund --loglevel=error

demo: $(VENV)/installed ## control plane, local agent and a real playbook, live (ONCE=1: stop after the run)
	@$(MAKE) --no-print-directory web || echo "Going on without the browser interface: it could not be built." >&2
	@$(BIN)/myx demo $(if $(ONCE),--once)

web: $(WEB)/built/index.html ## the browser interface, where its sources changed

webcheck: $(WEB)/node_modules/.installed-dev ## the browser interface: types, biome, unit tests
	@$(NPM) run --silent check

browser: $(WEB)/node_modules/.installed-dev web $(VENV)/installed-browser ## a real browser against a real control plane: needs Chromium
	$(BIN)/python -m pytest tests/browser $(PYTEST_ARGS)

screenshots: $(WEB)/node_modules/.installed-dev web $(VENV)/installed-browser ## every page, light and dark, wide and narrow, into .myx/screenshots
	MYX_SCREENSHOTS=.myx/screenshots $(BIN)/python -m pytest tests/browser/test_screenshots.py $(PYTEST_ARGS)

test: $(VENV)/installed-dev ## unit, architecture, contract and integration tests, side by side (PYTEST_ARGS="-n 0 tests/unit")
	$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

sanity: $(VENV)/installed-dev ## the collection: ansible-test, docs, changelog, artifact (TEST=NAME: one; PART=sanity, units, integration)
	@tests/collection/check $(if $(TEST),--test $(TEST),$(PART))

molecule: $(VENV)/installed-dev ## roles on real systemd hosts: needs root (ROLE=agent SCENARIO=default SUITE=trixie ACTION=converge)
	@MYX_LAB_SUITE=$(or $(SUITE),bookworm) tests/collection/scenarios '$(or $(ROLE),*)' '$(or $(SCENARIO),*)' $(ACTION)

matrix: $(VENV)/installed-dev ## the collection with each ansible-core that it works with: half an hour (CORE=2.21: one)
	@tests/collection/matrix $(CORE)

rulebook: $(VENV)/installed-dev $(RULEBOOK)/installed ## the event source with the real ansible-rulebook: needs Java 17
	$(BIN)/python -m pytest tests/rulebook $(PYTEST_ARGS)

lint: $(VENV)/installed-dev $(COMMUNITY)/installed ## ruff: rules and format; ansible-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	ANSIBLE_COLLECTIONS_PATH=collections:$(COMMUNITY) $(BIN)/ansible-lint --offline --profile production --exclude tests/acceptance/equality \
		--exclude tests/integration/agent_runner/warm_modules/content

format: $(VENV)/installed-dev ## let ruff write
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/installed-dev ## mypy strict
	$(BIN)/mypy

contracts: $(VENV)/installed-dev ## who may import whom
	$(BIN)/lint-imports

check: lint types contracts webcheck test ## everything that needs no root

properties: $(VENV)/installed-dev ## property tests with new random cases
	$(BIN)/python -m pytest tests/unit --hypothesis-profile=exploring -m hypothesis $(PYTEST_ARGS)

fuzz: $(VENV)/installed-dev ## the API against its description with thousands of requests, on each database for 5 minutes (MAX_S=300 SEED=N)
	MYX_FUZZ_PHASES=examples,coverage,fuzzing,stateful MYX_FUZZ_EXAMPLES=$(or $(EXAMPLES),10) \
		MYX_FUZZ_MAX_S=$(or $(MAX_S),300) MYX_FUZZ_SEED=$(or $(SEED),$$(date +%s)) \
		$(BIN)/python -m pytest tests/integration/api/runs/test_fuzzing.py $(PYTEST_ARGS)

acceptance: $(VENV)/installed-dev ## real hosts: needs root, podman and runc
	$(BIN)/python -m pytest tests/acceptance $(PYTEST_ARGS)

faults: $(VENV)/installed-dev ## each fault 20 times at random moments on real hosts: about an hour
	MYX_FAULT_ROUNDS=$(or $(ROUNDS),20) MYX_FAULT_CUT_S=$(or $(CUT_S),30) \
		$(BIN)/python -m pytest tests/acceptance/test_fault_series.py \
		tests/acceptance/test_ending_series.py $(PYTEST_ARGS)

bench: $(VENV)/installed-dev $(PEERS)/installed $(if $(QUICK),,$(SALT)/installed) ## P1 to P13 beside their peers: needs root (QUICK=1: what is guarded; ONLY=p1,p7; PAGE=1: write the page)
	PYTHONPATH=tests/acceptance:tests/support:tests/benchmarks $(BIN)/python -m bench \
		$(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick) $(if $(KEEP),--keep) \
		$(if $(PAGE),--write-page) $(if $(ROUNDS),--rounds $(ROUNDS)) $(BENCH_ARGS)

profile: $(VENV)/installed-dev $(PEERS)/installed ## flame graphs and a timeline of a run: needs root (PLAYBOOK=site, 1, 20, 100)
	PYTHONPATH=tests/acceptance:tests/support:tests/benchmarks $(BIN)/python -m bench.profiling \
		$(if $(PLAYBOOK),--playbook $(PLAYBOOK)) $(if $(ROUNDS),--rounds $(ROUNDS))

kills: $(VENV)/installed-dev ## kill -9 of one of two replicas, 10 times in runs over 50 emulated hosts (ROUNDS=10)
	MYX_REPLICA_KILLS=$(or $(ROUNDS),10) $(BIN)/python -m pytest -s \
		tests/integration/api/workflows/test_killing_replicas.py $(PYTEST_ARGS)

lists: $(VENV)/installed-dev ## every list of the API in full databases, SQLite and PostgreSQL
	$(BIN)/python -m pytest tests/benchmarks/test_lists.py -s $(PYTEST_ARGS)

pruning: $(VENV)/installed-dev ## lists and writes while 100,000 runs are removed, SQLite and PostgreSQL
	$(BIN)/python -m pytest tests/benchmarks/test_pruning.py -s $(PYTEST_ARGS)

fleet: $(VENV)/installed-dev ## 1,000 and 10,000 emulated agents: heartbeats, a run over all, 100 logs at once
	$(BIN)/python -m pytest tests/benchmarks/test_fleet.py -s $(PYTEST_ARGS)

viewers: web $(VENV)/installed-browser ## 100 streams and pages of one run, a log of 1 GB, a matrix of 1,000 hosts: needs Chromium
	$(BIN)/python -m pytest tests/benchmarks/test_viewers.py -s $(PYTEST_ARGS)

docs: $(VENV)/installed-dev ## write the generated reference
	$(BIN)/python docs/reference/generate.py

lock: $(VENV)/installed-dev ## write down the versions that are installed now
	$(BIN)/pip freeze --all --exclude-editable --exclude setuptools > constraints.txt

clean: ## forget the environment and the demo's data
	rm -rf $(VENV) .myx/demo

$(BIN)/python:
	@echo "Making the virtual environment $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)

# uv installs in seconds; pip is there for indexes that only pip's configuration knows.
$(BIN)/uv: | $(BIN)/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt uv

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/uv
	@$(INSTALL_UV) --editable . || $(INSTALL_PIP) --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@$(INSTALL_UV) --group dev || { $(BIN)/pip install --quiet --upgrade 'pip>=25.1' && $(INSTALL_PIP) --group dev; }
	@touch $@

$(VENV)/installed-browser: $(VENV)/installed-dev
	@$(INSTALL_UV) --group browser || $(INSTALL_PIP) --group browser
	@touch $@

$(BIN)/npm: constraints.txt | $(BIN)/uv
	@$(INSTALL_UV) --group web || { $(BIN)/pip install --quiet --upgrade 'pip>=25.1' && $(INSTALL_PIP) --group web; }
	@touch $@

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json | $(BIN)/npm
	@$(NPM) ci --omit=dev
	@touch $@

$(WEB)/node_modules/.installed-dev: $(WEB)/package-lock.json | $(BIN)/npm
	@$(NPM) ci
	@touch $(@D)/.installed $@

$(WEB)/built/index.html: $(WEB_SOURCES) | $(WEB)/node_modules/.installed
	@echo "Building the browser interface (where its sources changed)"
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@

# What MyX is measured against has environments of its own: its versions are none of the project's.
.myx/bench/%/installed: tests/benchmarks/requirements-%.txt | $(BIN)/uv
	@echo "Installing what MyX is measured against into .myx/bench/$*"
	@$(BIN)/python -m venv .myx/bench/$*
	@$(BIN)/uv pip install --quiet --python .myx/bench/$*/bin/python --requirements $< \
		|| .myx/bench/$*/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# So has ansible-rulebook.
$(RULEBOOK)/installed: tests/rulebook/requirements.txt | $(BIN)/uv
	@echo "Installing ansible-rulebook into $(RULEBOOK)"
	@$(BIN)/python -m venv $(RULEBOOK)
	@$(BIN)/uv pip install --quiet --python $(RULEBOOK)/bin/python --requirements $< \
		|| $(RULEBOOK)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Collections of others that playbooks and tests here name.
$(COMMUNITY)/installed: tests/collection/community | $(VENV)/installed-dev
	@$<
	@touch $@
