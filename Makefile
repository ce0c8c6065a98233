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

.PHONY: help setup demo serve test test-parity check lint format bench lock export-env export fetch-checkpoints apt-packages clean

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

lint: setup  ## ruff and mypy
	@$(RUN) -m ruff check . && $(RUN) -m ruff format --check . && $(RUN) -m mypy

format: setup  ## rewrite the code in the project's format
	@$(RUN) -m ruff check --fix . ; $(RUN) -m ruff format .

bench: setup  ## measure throughput, memory and overheads; BENCH_ARGS="--help" lists the benchmarks
	@$(RUN) -m perf.bench $(BENCH_ARGS)

lock: setup  ## resolve requirements/*.in for every supported Python
	@$(RUN) tools/lock.py

export-env:  ## install NeMo's environment into .venv-export (2.5 GB; TORCH_INDEX=URL chooses torch's build)
	@$(PYTHON) tools/environment.py export

export: export-env  ## turn .nemo files into verified graphs: CHECKPOINT="path.nemo ..." [REPOSITORY=, VERSION=, EXPORT_ARGS=]
	@$(NEMO) -m export $(CHECKPOINT) --repository $(REPOSITORY) --version $(VERSION) $(EXPORT_ARGS)

fetch-checkpoints: setup  ## download published checkpoints into checkpoints/: NAMES="stt_en_quartznet15x5 ..."
	@$(RUN) -m export.fetch $(NAMES)

apt-packages:  ## Debian and Ubuntu: the shared libpython that Triton's Python backend embeds (asks for root)
	$(if $(filter 0,$(shell id -u)),,sudo) apt-get install -y libpython$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

clean:  ## remove the environments
	rm -rf .venv .venv-export
