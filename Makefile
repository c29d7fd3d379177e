# Every target sets itself up: all it needs is Python 3.11 or newer and make.
# The environment is .venv, installed from requirements.lock; unchanged, the next call installs nothing.

.DEFAULT_GOAL := help
.PHONY: help demo test test-thorough test-spark check bench lock clean install
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
# The stamp's name holds what was installed, and where: a venv that was moved, or an edited lock, is set up again.
INSTALLED_FROM := pyproject.toml requirements-bootstrap.lock requirements.lock
KEY := $(shell { pwd; cat $(INSTALLED_FROM); } | cksum | tr ' ' '-')
STAMP := $(VENV)/.installed-$(KEY)

# Spark lies in an environment of its own, which sees the other: half a gigabyte that only its tests need.
SPARK := .venv-spark
SPARK_STAMP := $(SPARK)/.installed-$(shell { pwd; cat requirements-bootstrap.lock requirements-spark.lock; } | cksum | tr ' ' '-')

help:  ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /make \1  /p' $(MAKEFILE_LIST) | awk '{ printf "%s %-13s", $$1, $$2; $$1 = $$2 = ""; print }'

# Bytecode of the project's own modules: written here, because a machine may be told never to write it by itself.
COMPILED := @$(BIN)/python -m compileall -q src

demo: $(STAMP)  ## run the flights example from raw files to a served, monitored model
	$(COMPILED)
	@$(BIN)/python examples/flights/fetch_data.py
	@$(BIN)/sluiceway run --project examples/flights

# One worker more than there are cores, as many tests wait.
test: $(STAMP)  ## run all tests
	@$(BIN)/python -m pytest -n $$(( $$(nproc) + 1 )) --dist worksteal

# THOROUGH=20 is how many times as many examples the property tests of what is asked for by time draw.
THOROUGHLY := tests/unit/features tests/unit/streams tests/stories/test_order_and_cuts.py
test-thorough: $(STAMP)  ## draw 20 times as many examples of histories, cuts and orders of events, for a night
	@THOROUGH=$${THOROUGH:-20} $(BIN)/python -m pytest -n auto --dist worksteal $(THOROUGHLY)

test-spark: $(SPARK_STAMP)  ## run the tests on Spark, in an environment that has it besides (needs Java 17 or 21)
	@$(SPARK)/bin/python -m pytest -m spark -n 0 tests/contracts/test_plan_runner.py tests/unit/adapters tests/stories/test_spark.py

check: $(STAMP)  ## lint, format, types, imports, docs and lock
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest tests/house

bench: $(STAMP)  ## run every benchmark and write docs/benchmarks.md
	$(COMPILED)
	@$(BIN)/python examples/flights/fetch_data.py
	@$(BIN)/python benchmarks/run_all.py

# LOCK_FLAGS=--upgrade takes the newest of everything; without it, what is locked and still fits stays.
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command 'make lock' $(LOCK_FLAGS)
lock:  ## resolve the dependencies of pyproject.toml anew
	@VENV=$(VENV) sh .ci/bootstrap.sh
	@$(UV_COMPILE) --group pyproject.toml:bootstrap --output-file requirements-bootstrap.lock
	@$(UV_COMPILE) --group dev --output-file requirements.lock pyproject.toml
	@$(UV_COMPILE) --group pyproject.toml:spark --output-file requirements-spark.lock

clean:  ## remove the environment, caches and the example's state
	@rm -rf $(VENV) $(SPARK) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist build
	@rm -rf examples/*/.sluiceway
	@find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

install: $(STAMP)  ## set up .venv and nothing else

$(STAMP):
	@VENV=$(VENV) sh .ci/bootstrap.sh
	@VENV=$(VENV) sh .ci/install.sh
	@rm -f $(VENV)/.installed-*
	@touch $@

$(SPARK_STAMP): $(STAMP)
	@VENV=$(VENV) SPARK=$(SPARK) sh .ci/install-spark.sh
	@touch $@
