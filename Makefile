# Every task of the project, a line each; CI runs the same ones. `make` lists them.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
STACK  ?= demo

.DEFAULT_GOAL := help
.PHONY: help setup preview check format test cluster-tools test-cluster test-clouds judges pictures examples schema contracts docs accuracy bench lock clean

help: ## list the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(VENV)/.ready: requirements.lock requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.ready ## make .venv with exactly the locked packages

preview: setup ## preview STACK (demo): by pulumi when it is on PATH, else by the embedded engine
	@tools/preview.sh $(STACK)

test: setup ## run all tests but those that need a control plane
	$(PY) -m pytest -n auto --dist loadfile -m "not cluster"

cluster-tools: ## build a real Kubernetes control plane from Go modules, once (15 minutes)
	tests/cluster/tools.sh

test-cluster: setup cluster-tools ## apply every stack to a real API server
	SLIPWAY_REQUIRE_CLUSTER=1 $(PY) -m pytest tests/cluster -m cluster -rs --durations=5

test-clouds: ## test the node pools against the clouds' real provider packages (requirements-optional.txt)
	$(PYTHON) -m venv build/clouds
	build/clouds/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt -r requirements-optional.txt
	build/clouds/bin/python -m pytest -rs tests/components/pools tests/components/test_gpu_node_pool.py

judges: setup ## let checkov and kube-score judge every stack beside others (PEERS=FOLDER: and their manifests)
	$(PY) -m tools.judges $(if $(PEERS),--peers $(PEERS))

check: setup ## lint and type-check
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: setup ## format, and fix what the linter can fix
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

examples: setup ## make the example repositories anew
	$(PY) -m examples.make

schema: setup ## write stacks/schema.json from stacks/settings.py
	$(PY) -m stacks.schema

contracts: setup ## make the JSON of the contracts from their YAML
	$(PY) -m tools.contracts

docs: setup ## write docs/rules.md from the rules' own texts, and the tables of faults and of kept checks
	$(PY) -m validation rules --format markdown > docs/rules.md
	$(PY) -m tools.faults
	$(PY) -m tools.judges.kept

fuzz: setup ## fuzz every reader by coverage for SECONDS each (60); needs atheris' wheel
	$(PY) -m tools.fuzz --seconds $(or $(SECONDS),60)

audit: setup ## ask for known weaknesses of the locked packages (pip-audit; says so where nobody answers)
	$(PY) -m tools.audit

pictures: setup ## draw the README's pictures from the real commands
	$(PY) tools/pictures.py

accuracy: setup ## compare the predictions with vLLM's own answers (PEERS=--peers: and with other estimators)
	$(PY) -m tools.accuracy $(PEERS)

bench: setup ## measure speed, bytes and memory as ratios, into docs/benchmarks.md (PEERS=--peers: and hf-mem)
	$(PY) -m tools.bench $(PEERS)

lock: ## pin the packages with hashes (needs pip-tools in .venv)
	$(PY) -m pip install --quiet pip-tools
	$(VENV)/bin/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --output-file requirements.lock requirements.txt
	$(VENV)/bin/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --output-file requirements-dev.lock requirements-dev.txt

clean: ## remove everything that was built
	rm -rf $(VENV) out build .mypy_cache .ruff_cache .hypothesis
