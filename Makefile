# Two commands for a newcomer: `make demo` and `make test`. They need Python 3.11 or later, and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.installed-docs
# Tests run in as many processes as there are cores, four at most: each of them imports and compiles for itself.
# Every core is taken then, so linear algebra gets one thread per process. PROCESSES=0 runs them all in one.
PROCESSES ?= auto
PYTEST := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q \
	--numprocesses $(PROCESSES) --maxprocesses 4 --dist worksteal

.PHONY: demo test lint types wheel docs bench bench-identity bench-mmm bench-plan study-paths study-coverage study-null study-mmm study-identity study-plan study-reconcile study-suppression smoke clean help

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# Bytecode is compiled once here, whatever PYTHONDONTWRITEBYTECODE says: imports take three times as long without.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pip install --quiet --disable-pip-version-check --compile -c constraints.txt -e . --group dev
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q attribution models cli
	touch $(STAMP)

# Tools of the documentation site, which nobody else needs.
$(DOCS_STAMP): $(STAMP)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pip install --quiet --disable-pip-version-check --compile -c constraints.txt --group docs
	touch $(DOCS_STAMP)

demo: $(STAMP)  ## the main job on a simulated retailer: contributions and a suppression list
	PYTHONDONTWRITEBYTECODE= $(BIN)/attribution demo

test: $(STAMP)  ## all tests
	$(PYTEST)

lint: $(STAMP)  ## style and docstrings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)  ## strict types
	$(BIN)/mypy

wheel: $(STAMP)  ## build the wheel and check what it holds
	$(BIN)/python -m pytest -q tests/project/test_wheel.py

# The variable silences the theme's word about its maker's plans.
docs: $(DOCS_STAMP)  ## the documentation site, to build/site; opens from there, without a server
	NO_MKDOCS_2_WARNING=1 PYTHONDONTWRITEBYTECODE= $(BIN)/mkdocs build --strict --quiet

bench: $(STAMP)  ## speed and memory beside the peers (installs them in .venv-bench)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python benchmarks/run.py

bench-identity: $(STAMP)  ## links to stable customer ids: 10 M rows, growth, a run with 1 % new links
	PYTHONDONTWRITEBYTECODE= $(BIN)/python benchmarks/run.py --only identity $(ARGS)

bench-mmm: $(STAMP)  ## the media-mix model beside PyMC-Marketing and Meridian (installs them; options in ARGS)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m benchmarks.mmm.bench $(ARGS)

bench-plan: $(STAMP)  ## plans of spend beside the optimisers of Meridian and PyMC-Marketing (options in ARGS)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m benchmarks.plan_bench $(ARGS)

study-paths: $(STAMP)  ## path models against known truth: 280 simulated markets, about an hour
	PYTHONDONTWRITEBYTECODE= $(BIN)/python benchmarks/study_paths.py

study-coverage: $(STAMP)  ## coverage of bootstrap intervals on 400 simulated data sets
	PYTHONDONTWRITEBYTECODE= $(BIN)/python benchmarks/study_coverage.py --datasets 400

study-null: $(STAMP)  ## does the hazard's interval hold zero for a channel that does nothing, 400 data sets
	PYTHONDONTWRITEBYTECODE= $(BIN)/python benchmarks/study_null.py --datasets 400

study-mmm: $(STAMP)  ## the mix model: simulation-based calibration, coverage, recovery, equality with PyMC; an hour and more
	PYTHONDONTWRITEBYTECODE= $(BIN)/python benchmarks/study_mmm.py

study-identity: $(STAMP)  ## identity against known truth, with and without guards, and beside Splink's clustering
	PYTHONDONTWRITEBYTECODE= $(BIN)/python benchmarks/study_identity.py $(ARGS)

study-plan: $(STAMP)  ## plans of spend on simulated markets with known response; half an hour and more
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m benchmarks.study_plan --workers 2 $(ARGS)

study-reconcile: $(STAMP)  ## reconciled totals beside path model and mix model alone: 20 joint markets, half an hour
	PYTHONDONTWRITEBYTECODE= $(BIN)/python benchmarks/study_reconcile.py $(ARGS)

study-suppression: $(STAMP)  ## does the interval of freed spend cover what the next period frees, 300 simulated markets
	PYTHONDONTWRITEBYTECODE= $(BIN)/python benchmarks/study_suppression.py $(ARGS)

smoke: $(STAMP)  ## a small demo and the tests of the models, for another PYTHON and VENV
	cd "$$(mktemp -d)" && PYTHONDONTWRITEBYTECODE= $(CURDIR)/$(BIN)/attribution demo --people 2000 >/dev/null
	$(PYTEST) tests/paths tests/cli/test_golden.py tests/mix/test_generations.py tests/mix/test_equality.py tests/mix/test_stored.py

clean:  ## remove what make created
	rm -rf $(VENV) .venv-* build dist
