# Nothing has to be installed but Python 3.11 or newer, and make. Everything else goes into .venv.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check browser pictures bench wheel lock clean

help: ## List the targets
	@awk -F ' *(:.*)?## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: .venv/demo-installed ## Run the service and the shops (PORT=, SHOP_PORT= and SMTP_PORT= to choose)
	@exec $(BIN)/offer-widget demo $(if $(PORT),--port $(PORT)) $(if $(SHOP_PORT),--shop-port $(SHOP_PORT)) \
	  $(if $(SMTP_PORT),--smtp-port $(SMTP_PORT))

test: check browser ## Run everything that must pass before a change is merged (ARGS= for pytest)
	@$(BIN)/python -m pytest $(ARGS)

check: .venv/test-installed ## Check style and types only
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

browser: .venv/test-installed ## Find a Chromium for the tests, or fetch one, and print where it is
	@$(BIN)/python -m tests.chromium

pictures: browser ## Take the pictures in docs/images again
	@$(BIN)/python -m tests.browser.pictures

bench: .venv/test-installed ## Measure for a minute what requests cost, and fail beyond what is promised
	@$(BIN)/python -m tests.bench

wheel: .venv/test-installed ## Build the wheel and the source archive into dist/
	@$(BIN)/python -m build --no-isolation

# pip's own settings are shut out: the hashes must be those that everybody gets, and no address of
# this machine may slip in. Python 3.11 is the oldest that we support, so its pins fit the newer ones.
lock: build/lock/bin/pip-compile ## Pin the requirements again (UPGRADE=1 for the newest)
	@$(LOCK) --output-file=requirements.txt --extra=demo
	@$(LOCK) --output-file=requirements-dev.txt --extra=demo --extra=test --constraint=requirements.txt

LOCK = env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null \
	CUSTOM_COMPILE_COMMAND="make lock" build/lock/bin/pip-compile --quiet --generate-hashes \
	--strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	--no-emit-options --build-deps-for=editable $(if $(UPGRADE),--upgrade) pyproject.toml

clean: ## Remove everything that was made here
	rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp for each list: while it is newer than the list, nothing is installed and a start is quick.
.venv/demo-installed: requirements.txt pyproject.toml $(BIN)/python
	@echo "Installing what $< lists into .venv."
	@$(INSTALL) --require-hashes -r requirements.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# What the tests need holds what the demo needs, so the demo's stamp is set as well.
.venv/test-installed: requirements-dev.txt pyproject.toml $(BIN)/python
	@echo "Installing what $< lists into .venv."
	@$(INSTALL) --require-hashes -r requirements-dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch .venv/demo-installed $@

INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Offer Widget needs Python 3.11 or newer, and $(PYTHON) is not: name one, for example make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make a virtual environment: install its venv package (Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv

build/lock/bin/pip-compile:
	@$(PYTHON) -m venv --clear build/lock
	@build/lock/bin/python -m pip install -qq --disable-pip-version-check pip-tools==7.6.2
