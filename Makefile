# Two commands matter: `make demo` and `make test`. Each sets up all it needs in .venv/ and .vigil/.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
STATE ?= .vigil

# ARCHIVES: FAERS quarters to land, "a.zip b.zip" (default: synthetic quarters). APPROVE_AS: sign unattended as NAME-ROLE for each role that must sign, loopback only.
ARCHIVES ?=
APPROVE_AS ?=

# Bytecode is compiled once, at installation: it halves Airflow's start.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-drift test coverage stop lint clean environment packages requirements help

help:
	@echo "make demo [ARCHIVES='a.zip b.zip'] [APPROVE_AS=name]   quarters to a signed-off model in service"
	@echo "make demo-drift [APPROVE_AS=name]   after it (or with it), a quarter that drifted: seen, decided, retrained, signed for"
	@echo "make stop    end everything that the demo started"
	@echo "make test    everything, from unit tests to the whole job"
	@echo "make coverage   how much of local_aws its tests run; fails below 85 %"
	@echo "make lint    ruff, mypy, import rules"
	@echo "make clean   remove what was made here (environment, state, caches)"

environment: $(INSTALLED)

$(INSTALLED): requirements/bootstrap.txt requirements/dev.txt requirements/spark-jars.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Vigil needs Python 3.11: install it, or say which one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@echo "Setting up $(VENV) (about a minute) ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/bootstrap.txt
	$(BIN)/uv pip install --quiet --python $(VENV) --require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(VENV) --require-hashes --no-deps -r requirements/spark-jars.txt
	$(BIN)/uv pip install --quiet --python $(VENV) --no-deps --editable .
	@touch $@

demo: environment
	@$(BIN)/vigil demo --state-dir $(STATE) $(foreach archive,$(ARCHIVES),--archive $(archive)) $(if $(APPROVE_AS),--approve-as $(APPROVE_AS))

demo-drift: environment
	@$(BIN)/vigil demo-drift --state-dir $(STATE) $(if $(APPROVE_AS),--approve-as $(APPROVE_AS))

stop:
	@if [ -x $(BIN)/vigil ]; then $(BIN)/vigil stop --state-dir $(STATE); else echo "Nothing was ever started here."; fi

lint: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

packages:
	@scripts/install_debian_packages.sh

# Three processes share the tests file by file, in their order: many tests wait, so two would leave two cores idle. The order
# ends with short files, so that all end at about the same time (by itself xdist begins with the files of many tests). The
# whole job wants both cores for itself.
test: environment packages lint
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore tests/e2e; parts=$$?; $(BIN)/pytest tests/e2e && exit $$parts

coverage: environment packages
	rm -rf .coverage && mkdir .coverage
	$(BIN)/coverage run -m pytest -n 2 --dist loadfile tests/local_aws
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --skip-covered --sort=cover

# Compile the requirement files again after an edit of an .in file.
requirements: environment
	cd requirements && ../$(BIN)/uv pip compile -q -p 3.11 --generate-hashes --no-emit-index-url --no-header bootstrap.in -o bootstrap.txt
	$(BIN)/uv pip compile -q -p 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/airflow-constraints.txt requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile -q -p 3.11 --no-deps --generate-hashes --no-emit-index-url --no-header requirements/spark-jars.in -o requirements/spark-jars.txt
	$(BIN)/uv pip compile -q -p 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/dev.txt requirements/ml.in -o requirements/ml.txt

clean: stop
	rm -rf $(VENV) $(STATE) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
