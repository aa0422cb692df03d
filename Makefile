# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOMS := eventlog planner worker monitor projections api hoofprint
CHECKED := $(ROOMS) tests benchmarks examples deploy

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit bench soak format system-packages clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 18

demo: ## plan, run, fold and query a real workflow; base packages only, state in .demo/
	@PYTHON="$(PYTHON)" examples/demo.sh

test: ## lint, types and every test; starts the services they need and stops them again
	@PYTHON="$(PYTHON)" deploy/test.sh

$(VENV)/.ready: pyproject.toml deploy/venv.sh
	@PYTHON="$(PYTHON)" deploy/venv.sh $(VENV) dev

lint: $(VENV)/.ready ## style, and which way imports run
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/lint-imports

types: $(VENV)/.ready ## mypy (strict) and pyright
	$(BIN)/mypy
	$(BIN)/pyright

unit: $(VENV)/.ready ## the tests that need no service
	$(BIN)/python -m pytest -q -n 2 -m "not postgres and not kafka and not condor and not browser and not slow"

bench: $(VENV)/.ready ## one benchmark: make bench NAME=append-sqlite [ARGS="--events 100000"]
	@test -n "$(NAME)" || { echo "bench: NAME= is one of:"; grep -l __main__ benchmarks/*.py | xargs -n1 basename -s .py | tr _ -; exit 2; }
	@$(BIN)/python -m benchmarks.$(subst -,_,$(NAME)) $(ARGS)

soak: $(VENV)/.ready ## every test, with 1,000 kills and 10,000 generated workflows (about an hour)
	@PYTHON="$(PYTHON)" HOOFPRINT_SOAK=1 deploy/test.sh

format: $(VENV)/.ready ## rewrite the code in the project's style
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

system-packages: ## install what tests use beyond Python (needs root and apt-get)
	deploy/system_packages.sh

clean: ## remove environments and state of this checkout
	rm -rf $(VENV) .demo .state .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
