# Two commands do it all: `make run` starts Heliograph, `make test` tests it.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

# compiled once and kept, whatever the machine says: else each command and each process of
# the tests compiles all of it again
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test wheel names test-both bench races lint pictures random-campaigns translations

run: $(VENV)/.run $(VENV)/.assets
	HELIOGRAPH_DATA_DIR=$${HELIOGRAPH_DATA_DIR:-var} $(BIN)/heliograph serve --demo $(ARGS)

test: $(VENV)/.test $(VENV)/.assets $(VENV)/.browser names
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=$(VENV)/names $(BIN)/lint-imports
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

test-both: $(VENV)/.test $(VENV)/.assets $(VENV)/.browser
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder --both $(ARGS)

# the sdist, and from it the wheel that pip users get: dist/
wheel: $(VENV)/.test $(VENV)/.assets
	rm -rf dist
	$(BIN)/python -m build --no-isolation

# the folders under the names by which they are imported: for tools that read sources, and
# for editors (add .venv/names to the paths in which they look)
names:
	rm -rf $(VENV)/names
	mkdir -p $(VENV)/names/heliograph
	ln -s $(CURDIR)/core/* $(CURDIR)/plugins $(CURDIR)/migrations $(VENV)/names/heliograph/

bench: $(VENV)/.test $(VENV)/.assets
	$(BIN)/python -m benchmarks $(ARGS)

races: $(VENV)/.test
	$(BIN)/python -m tests.races $(ARGS)

lint: $(VENV)/.test names
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/mypy

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Heliograph needs Python 3.11 or newer; set PYTHON=python3.12 or so")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python setup.py setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.test: $(VENV)/bin/python setup.py setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@ $(VENV)/.run

# what pages load: npm of the machine, else npm out of a wheel
PAGES := $(shell find core/templates core/translations core/campaigns plugins frontend -name '*.html' -o -name '*.po' -o -name '*.js*' -o -name '*.css' -o -path '*campaigns*.py' 2>/dev/null)

$(VENV)/.assets: $(VENV)/.run package-lock.json core/web/assets.py $(PAGES)
	(command -v npm && command -v node) >/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[node]'
	$(BIN)/python -c 'from heliograph.web.assets import install; install()'
	touch $@

$(VENV)/.browser: $(VENV)/.test tests/browser.py
	$(BIN)/python -m tests.browser
	touch $@

# the engine against the words of docs/reference/events.md; ARGS="--count 2000 --processes 2"
random-campaigns: $(VENV)/.test
	$(BIN)/python -m tests.campaigns.randomly $(ARGS)

pictures: $(VENV)/.test $(VENV)/.assets $(VENV)/.browser
	$(BIN)/python -m tests.pages.pictures $(ARGS)

# texts of pages into the catalogues; a test says which are not translated yet
translations: $(VENV)/.test
	$(BIN)/pybabel -q extract --sort-output -F pyproject.toml -k _l -k Sentence --no-location --omit-header -o $(VENV)/messages.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-pot-creation-date -w 100 -i $(VENV)/messages.pot -d core/translations
