.DEFAULT_GOAL := help
PYTHON ?= python3
RUN := .venv/bin/python
NEMO := .venv-export/bin/python
HTTP_PORT ?= 8000
GRPC_PORT ?= 8001
METRICS_PORT ?= 8002
ADDRESS ?= 127.0.0.1
REPOSITORY ?= model_repository
VERSION ?= 1
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help setup demo serve test test-parity check lint format bench perf perf-setup perf-compare tune soak lock versions \
	export-env export fetch-checkpoints engines deploy rollback status \
	apt-packages perf-packages deploy-packages clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## install everything that serving and tests need into .venv
	@$(PYTHON) tools/environment.py serve

demo: setup  ## recognise the sample recordings, or FILES="a.wav b.mp3", on a real Triton server, and speak one again
	@$(RUN) -m demo $(FILES)

serve: setup  ## serve in the foreground: HTTP_PORT, GRPC_PORT, METRICS_PORT, ADDRESS, CONFIG=int8, SERVE_ARGS="-- --log-verbose=1"
	@exec $(RUN) -m tritone.server --http-port $(HTTP_PORT) --grpc-port $(GRPC_PORT) --metrics-port $(METRICS_PORT) \
		--address $(ADDRESS) $(if $(CONFIG),--model-config-name $(CONFIG)) $(SERVE_ARGS)

test: setup  ## unit and server tests; PYTEST_ARGS="-k windows"
	@$(RUN) -m pytest $(PYTEST_ARGS)

test-parity: export-env  ## exported graphs against NeMo, in the export environment
	@$(NEMO) -m pytest tests/parity $(PYTEST_ARGS)

check: setup  ## verify every config against graphs, model code, contract and each other
	@$(RUN) -m tritone.repository

versions: setup  ## serve another version of a checkpoint, move the traffic: VERSIONS_ARGS="serve asr 2" or "--help"
	@$(RUN) -m tritone.repository.versions $(or $(VERSIONS_ARGS),show)

lint: setup  ## ruff and mypy
	@$(RUN) -m ruff check . && $(RUN) -m ruff format --check . && $(RUN) -m mypy

format: setup  ## rewrite the code in the project's format
	@$(RUN) -m ruff check --fix . ; $(RUN) -m ruff format .

bench: setup  ## measure throughput, memory and overheads; BENCH_ARGS="--help" lists the benchmarks
	@$(RUN) -m perf.bench $(BENCH_ARGS)

perf: perf-setup  ## load test with perf_analyzer and a report with plots: PERF_ARGS="--quick" or "--help"
	@$(RUN) -m perf.load $(PERF_ARGS)

perf-compare: perf-setup  ## two load tests side by side, fails on a regression: BASE=FOLDER NEW=FOLDER [COMPARE_ARGS=]
	@$(RUN) -m perf.compare $(BASE) $(NEW) $(COMPARE_ARGS)

tune: perf-setup  ## search instance and thread counts, on a GPU node with Model Analyzer: TUNE_ARGS="--help"
	@$(RUN) -m perf.tune $(TUNE_ARGS)

soak: setup  ## thousands of mixed requests: right answers, steady memory: SOAK_ARGS="--help"
	@$(RUN) -m perf.soak $(SOAK_ARGS)

perf-setup:  ## install what load tests need into .venv
	@$(PYTHON) tools/environment.py perf

lock: setup  ## resolve requirements/*.in for every supported Python
	@$(RUN) tools/lock.py

export-env:  ## install NeMo's environment into .venv-export (2.5 GB; TORCH_INDEX=URL chooses torch's build)
	@$(PYTHON) tools/environment.py export

export: export-env  ## turn .nemo files into verified graphs: CHECKPOINT="path.nemo ..." [REPOSITORY=, VERSION=, EXPORT_ARGS=]
	@$(NEMO) -m export $(CHECKPOINT) --repository $(REPOSITORY) --version $(VERSION) $(EXPORT_ARGS)

engines:  ## on a machine with an NVIDIA GPU: TensorRT engines from the graphs, verified: ENGINE_ARGS="--help"
	@$(PYTHON) -m export.tensorrt --repository $(REPOSITORY) $(ENGINE_ARGS)

deploy: setup  ## put this tree on a node and switch to it without a failed request: HOST=user@node [DEPLOY_ARGS="--dry-run"]
	@$(RUN) -m deploy release $(HOST) $(DEPLOY_ARGS)

rollback: setup  ## switch a node back to the release before: HOST=user@node
	@$(RUN) -m deploy rollback $(HOST) $(DEPLOY_ARGS)

status: setup  ## what a node serves: HOST=user@node
	@$(RUN) -m deploy status $(HOST) $(DEPLOY_ARGS)

fetch-checkpoints: setup  ## download published checkpoints into checkpoints/: NAMES="stt_en_quartznet15x5 ..."
	@$(RUN) -m export.fetch $(NAMES)

apt-packages:  ## Debian and Ubuntu: the shared libpython that Triton's Python backend embeds (asks for root)
	$(SUDO) apt-get install -y libpython$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

perf-packages:  ## Debian and Ubuntu: the library that perf_analyzer needs (asks for root)
	$(SUDO) apt-get install -y libb64-0d

deploy-packages:  ## Debian and Ubuntu: what deploying needs, and the tests of it and of the alerts (asks for root)
	$(SUDO) apt-get install -y rsync openssh-client openssh-server prometheus

clean:  ## remove the environments
	rm -rf .venv .venv-export
