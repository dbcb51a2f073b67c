# make run    set up .venv and do the main job: train an MLP on the digits, and leave a report
# make test   set up .venv and run the tests
# make lint   set up .venv, then ruff and mypy
#
# A set-up is done once for each state of pyproject.toml. PYTHON says which interpreter (3.11 or newer) to build from.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2

BIN := $(VENV)/bin
RUN_READY := $(VENV)/.ready-run
DEV_READY := $(VENV)/.ready-dev

.DEFAULT_GOAL := help
.PHONY: help venv run test test-slow lint format clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

venv: $(BIN)/python

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "glassgrad needs Python 3.11 or newer; this is %s. Name another one: make PYTHON=python3.12 ..." % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

# Editable, so that a change to the source is what the next call runs, with nothing to install again.
$(RUN_READY): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -e '.[all]'
	touch $@

$(DEV_READY): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -e '.[all,dev]'
	touch $@ $(RUN_READY)

run: $(RUN_READY)
	$(BIN)/glassgrad train --model mlp --data digits

# The tests compare with PyTorch where it is installed and skip those comparisons where it is not. One BLAS thread for
# each worker: more would only wait for one another.
test: $(DEV_READY)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) -m "not slow"

test-slow: $(DEV_READY)
	$(BIN)/python -m pytest -m slow

lint: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(DEV_READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
