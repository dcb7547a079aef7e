# Everything runs in .venv, made from PYTHON and the versions in constraints.txt.
PYTHON ?= python3
PRESET ?= quick
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help reproduce test check docs bench clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@echo "make reproduce   install, run the experiments (PRESET=quick or full), write the page"
	@echo "make test        install, run the whole test suite (WORKERS=2)"
	@echo "make check       lint, format, types, import contracts"
	@echo "make docs        build the documentation into site/"
	@echo "make bench       run the benchmarks, beside PyTorch"
	@echo "make clean       delete .venv and everything built"
	@echo "PYTHON=python3.12 chooses the interpreter (3.11 or newer) that .venv is made from"

reproduce: $(VENV)/.run
	$(BIN)/softntk reproduce --preset $(PRESET)

test: $(VENV)/.test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile
	SOFTNTK_OPTIMIZED=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m optimized

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

docs: $(VENV)/.docs
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs site
	@echo "The documentation is in site/index.html"

bench: $(VENV)/.bench
	@failed=0; for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script || failed=1; done; exit $$failed

clean:
	rm -rf $(VENV) site build .pytest_cache .ruff_cache .import_linter_cache .hypothesis src/*.egg-info

# One stamp a set of packages: nothing is installed again until the files it was installed from change.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "softntk needs Python 3.11 or newer; got: $$($(PYTHON) --version 2>&1). Type make PYTHON=python3.12, say."; exit 1; }
	@echo "Installing into $(VENV), once; this takes a few minutes"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml constraints.txt
	$(INSTALL) -e '.[score]'
	@touch $@

$(VENV)/.test $(VENV)/.check $(VENV)/.docs $(VENV)/.bench: $(VENV)/.%: $(VENV)/.run
	$(INSTALL) -e '.[score,$*]'
	@touch $@
