# The verbs of this project. Each sets up what it needs; CI calls the same names.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check fix snapshots schemas docs bench soak reliability mutants conversion-report clean

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(VENV)/.installed  ## see a tool work in a minute, without a GPU
	@$(BIN)/gateway demo

test: $(VENV)/.installed-dev  ## every test that needs no ComfyUI of your own
	@$(BIN)/pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered

check: $(VENV)/.installed-dev  ## everything that reads the code instead of running it, and the pure packages' coverage
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/check.py

fix: $(VENV)/.installed-dev  ## format and mend what can be mended by a program
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

snapshots: $(VENV)/.installed-dev  ## write the tests' snapshots anew; read the diff
	@$(BIN)/pytest -n auto --snapshot-update -q

schemas: $(VENV)/.installed-dev  ## write schemas/ anew, here and in the examples
	@for project in services.yaml examples/*/services.yaml; do $(BIN)/gateway schema --config $$project || exit 1; done

docs: $(VENV)/.installed-dev  ## write docs/commands.md anew
	@$(BIN)/python scripts/commands.py

bench: $(VENV)/.installed-dev  ## the gateway against a bare client, in one run
	@$(BIN)/python benchmarks/run.py

soak: $(VENV)/.installed-dev  ## two minutes of random calls, cancels and faults, then the proof that nothing was lost
	@$(BIN)/python benchmarks/soak.py

reliability: $(VENV)/.installed-dev  ## write the tables of docs/reliability.md anew: the crash matrix and the soak
	@$(BIN)/python -m tests.reliability.table
	@$(BIN)/python benchmarks/soak.py --write

mutants: $(VENV)/.installed-dev  ## do the tests notice? (nightly)
	@$(BIN)/mutmut run

conversion-report: $(VENV)/.installed-dev  ## score conversions of editor workflows, per feature: CASES=folder
	@$(BIN)/python scripts/conversion_report.py "$(CASES)"

clean:
	@rm -rf $(VENV) .gateway mutants
