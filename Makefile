# Two commands do everything: `make demo` and `make test`. Both install what they need.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 5000
BIN := $(VENV)/bin
# One process for each core, up to four: each has a PostgreSQL server of its own.
TOGETHER := --numprocesses auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help venv demo serve test check coverage bench bench-full lock postgres postgis redis chromium clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' \
		| awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

venv: $(VENV)/.run ## Make the virtual environment with the locked versions

demo: $(VENV)/.run ## Set everything up with invented clinics, and serve it on PORT
	$(BIN)/flask setup --demo
	$(BIN)/flask serve --port $(PORT)

serve: $(VENV)/.run ## Set everything up without clinics, and serve it on PORT
	$(BIN)/flask setup
	$(BIN)/flask serve --port $(PORT)

test: $(VENV)/.test postgres redis chromium check ## Run every check and every test, on SQLite and PostgreSQL
	$(BIN)/python -m pytest $(TOGETHER)

check: $(VENV)/.test ## Lint, format, types, import contracts, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache --config setup.cfg
	$(BIN)/djlint templates --lint --quiet

coverage: $(VENV)/.test postgres redis chromium ## Run the tests and show which branches none of them takes
	$(BIN)/python -m pytest $(TOGETHER) --cov --cov-report=term

bench: $(VENV)/.test ## Measure speed against its targets, in some minutes: build/bench.json
	$(BIN)/python -m tests.benchmarks $(BENCH)

bench-full: $(VENV)/.bench postgres postgis redis ## The same with a million clinics and all rivals
	$(BIN)/python -m tests.benchmarks --full $(BENCH)

lock: ## Write constraints.txt anew from the ranges in setup.cfg
	rm -rf $(VENV)-lock
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --disable-pip-version-check install --quiet --upgrade -e '.[test,dev,bench]'
	{ echo '# Every version, transitive ones included. Written by `make lock`; pip reads it with -c.'; \
		$(VENV)-lock/bin/python -m pip freeze --all --exclude-editable --exclude pip; } > constraints.txt
	rm -rf $(VENV)-lock

clean: ## Remove what was installed, built or stored here
	rm -rf $(VENV) $(VENV)-lock instance build dist *.egg-info .coverage htmlcov
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find directory tests seed_data -name __pycache__ -prune -exec rm -rf {} +

# The tests start a PostgreSQL server of their own; only its programs must be there.
postgres:
	@if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null; then \
		if [ "$$(id -u)" = 0 ]; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq postgresql; \
		else \
			echo 'PostgreSQL is missing, and the tests run on it too. Install it with:'; \
			echo '    sudo apt-get update && sudo apt-get install -y postgresql'; \
			exit 1; \
		fi; \
	fi

# A rival of the benchmarks, in the version that fits the server.
postgis:
	@if ! ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1; then \
		if [ "$$(id -u)" = 0 ]; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq postgresql-postgis; \
		else \
			echo 'PostGIS is missing, and search is measured against it. Install it with:'; \
			echo '    sudo apt-get update && sudo apt-get install -y postgresql-postgis'; \
			exit 1; \
		fi; \
	fi

# The tests start a Redis server of their own, too.
redis:
	@if ! command -v redis-server >/dev/null; then \
		if [ "$$(id -u)" = 0 ]; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq redis-server; \
		else \
			echo 'Redis is missing, and the tests share answers through it. Install it with:'; \
			echo '    sudo apt-get update && sudo apt-get install -y redis-server'; \
			exit 1; \
		fi; \
	fi

# The tests look at the pages in Debian's own browser; none is downloaded.
chromium:
	@if ! command -v chromium >/dev/null || ! fc-list 2>/dev/null | grep -q DejaVu; then \
		if [ "$$(id -u)" = 0 ]; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq \
				--no-install-recommends chromium fontconfig fonts-dejavu-core; \
		else \
			echo 'Chromium or a font for it is missing, and the tests look at the pages in it. Install:'; \
			echo '    sudo apt-get update && sudo apt-get install -y chromium fontconfig fonts-dejavu-core'; \
			exit 1; \
		fi; \
	fi

# setuptools comes first and locked, so that no build fetches another one.
$(VENV)/.pip: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed; name it with PYTHON=...'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -yq python3-venv; } \
		|| { echo 'Install it with: sudo apt-get update && sudo apt-get install -y python3-venv'; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet -c constraints.txt setuptools
	@touch $@

$(VENV)/.run: $(VENV)/.pip setup.cfg pyproject.toml
	$(PIP) install --quiet --no-build-isolation -c constraints.txt -e .
	@touch $@

$(VENV)/.test: $(VENV)/.pip setup.cfg pyproject.toml
	$(PIP) install --quiet --no-build-isolation -c constraints.txt -e '.[test]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.test
	$(PIP) install --quiet --no-build-isolation -c constraints.txt -e '.[test,bench]'
	@touch $@
