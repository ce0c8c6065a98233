.DEFAULT_GOAL := help
PYTHON ?= python3
RUN := .venv/bin/python
NEMO := .venv-export/bin/python
ENGINES_PYTHON ?= $(firstword $(wildcard .venv/bin/python) $(PYTHON))
HTTP_PORT ?= 8000
GRPC_PORT ?= 8001
METRICS_PORT ?= 8002
ADDRESS ?= 127.0.0.1
GATEWAY_PORT ?= 8080
REPOSITORY ?= model_repository
VERSION ?= 1
CONTAINER ?= docker
TARGET ?= server
WEIGHTS ?= baked
TAG ?= latest
PROFILE ?= cpu
GATEWAY = .venv/bin/tritone-gateway serve --gateway-port $(GATEWAY_PORT) $(GATEWAY_ARGS)
REVISION = $(shell git rev-parse --short HEAD 2>/dev/null)
COMPOSE = REVISION=$(REVISION) $(CONTAINER) compose -f docker/compose.yaml
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help setup demo serve gateway test test-setup test-parity test-gpu check lint format bench stream-context perf perf-setup perf-compare tune soak \
	lock versions export-env export voice-activity language-model remove fetch-checkpoints verify-checkpoint engines \
	perf-streams deploy rollback status test-deploy \
	image image-export up down check-alerts certificates apt-packages perf-packages deploy-packages test-packages clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## install everything for serving and tests into .venv; GPU=1: ONNX Runtime with CUDA; GPU=0: back to the CPU build
	@$(PYTHON) tools/environment.py $(if $(filter 1,$(GPU)),gpu,$(if $(filter 0,$(GPU)),cpu,serve))

demo: setup  ## recognise the sample recordings, or FILES="a.wav b.mp3", on a real Triton server; synthesise the text of one
	@$(RUN) -m demo $(FILES)

serve: setup  ## serve in the foreground: HTTP_PORT, GRPC_PORT, METRICS_PORT, ADDRESS, CONFIG=int8, SERVE_ARGS="-- --log-verbose=1"
	@exec $(RUN) -m tritone.server --http-port $(HTTP_PORT) --grpc-port $(GRPC_PORT) --metrics-port $(METRICS_PORT) \
		--address $(ADDRESS) $(if $(CONFIG),--model-config-name $(CONFIG)) $(SERVE_ARGS)

gateway: setup  ## web APIs and page in front of a Triton of its own, or of TRITON_URL=HOST:PORT: GATEWAY_PORT, GATEWAY_ARGS="--help"
	@exec $(if $(TRITON_URL),$(GATEWAY) --triton-url $(TRITON_URL),$(RUN) -m tritone.server --http-port $(HTTP_PORT) \
		--grpc-port $(GRPC_PORT) --metrics-port $(METRICS_PORT) $(if $(CONFIG),--model-config-name $(CONFIG)) \
		--gateway='--gateway-port $(GATEWAY_PORT) $(GATEWAY_ARGS)' $(SERVE_ARGS))

test: test-setup  ## unit, server and gateway tests, in two processes; PYTEST_ARGS="-k windows" or "-n 0" for one process
	@$(RUN) -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

test-setup:  ## install what only tests need into .venv
	@$(PYTHON) tools/environment.py test

test-parity: export-env  ## exported graphs against NeMo, in the export environment
	@$(NEMO) -m pytest tests/parity $(PYTEST_ARGS)

test-gpu:  ## on a machine with an NVIDIA GPU, in the image tritone-engines: build, compare and serve engines
	@$(ENGINES_PYTHON) -m pytest tests/gpu $(PYTEST_ARGS)

check: setup  ## verify every config against graphs, model code, the contract and the other configs
	@$(RUN) -m tritone.repository

versions: setup  ## serve another version of a checkpoint, move traffic to it: VERSIONS_ARGS="serve asr 2" or "--help"
	@$(RUN) -m tritone.repository.versions $(or $(VERSIONS_ARGS),show)

lint: setup  ## ruff, mypy and hadolint
	@$(RUN) -m ruff check . && $(RUN) -m ruff format --check . && $(RUN) -m mypy && .venv/bin/hadolint docker/*Dockerfile

format: setup  ## format the code
	@$(RUN) -m ruff check --fix . ; $(RUN) -m ruff format .

bench: setup  ## measure throughput, memory and overheads; BENCH_ARGS="--help" lists the benchmarks
	@$(RUN) -m perf.bench $(BENCH_ARGS)

stream-context: setup  ## measure how much context streams of a recogniser need: RECORDINGS="a.wav b.flac" [CONTEXT_ARGS="--model asr_stream_mine"]
	@$(RUN) -m perf.context $(RECORDINGS) --repository $(REPOSITORY) --version $(VERSION) $(CONTEXT_ARGS)

perf: perf-setup  ## load test with perf_analyzer and a report with plots: PERF_ARGS="--quick" or "--help"
	@$(RUN) -m perf.load $(PERF_ARGS)

perf-streams: perf-setup  ## live streams under load: latency of words, first audio: STREAMS_ARGS="--quick" or "--help"
	@$(RUN) -m perf.streaming $(STREAMS_ARGS)

perf-compare: perf-setup  ## compare two load tests, fail on a regression: BASE=FOLDER NEW=FOLDER [COMPARE_ARGS=]
	@$(RUN) -m perf.compare $(BASE) $(NEW) $(COMPARE_ARGS)

tune: perf-setup  ## search instance and thread counts, on a GPU node with Model Analyzer: TUNE_ARGS="--help"
	@$(RUN) -m perf.tune $(TUNE_ARGS)

soak: setup  ## thousands of mixed requests: correct answers, stable memory: SOAK_ARGS="--help"
	@$(RUN) -m perf.soak $(SOAK_ARGS)

perf-setup:  ## install the requirements of load tests into .venv
	@$(PYTHON) tools/environment.py perf

lock: setup  ## resolve requirements/*.in for every supported Python
	@$(RUN) tools/lock.py

export-env:  ## install NeMo's environment into .venv-export (2.5 GB; TORCH_INDEX=URL selects the build of torch)
	@$(PYTHON) tools/environment.py export

export: export-env  ## turn checkpoints into verified graphs: CHECKPOINT="path.nemo or published_name ..." [NAME=beside_others, REPOSITORY=, VERSION=, YES=1, EXPORT_ARGS=]
	@$(NEMO) -m export $(CHECKPOINT) --repository $(REPOSITORY) --version $(VERSION) \
		$(if $(NAME),--beside $(NAME)) $(if $(filter 1,$(YES)),--yes) $(EXPORT_ARGS)

remove: setup  ## remove the models and pipelines exported with NAME=: NAME=parakeet [REMOVE_ARGS="--server 127.0.0.1:8000"]
	@$(RUN) -m tritone.repository.removal $(or $(NAME),$(error remove: expected a name, give NAME=parakeet)) $(REMOVE_ARGS)

voice-activity: export-env  ## make the graph of voice_activity from silero-vad's wheel again: [WHEEL=path.whl, default: downloaded]
	@$(NEMO) -m export.voice_activity $(WHEEL) --repository $(REPOSITORY)

language-model: setup  ## make a recogniser's language model from text: TEXT="corpus.txt ..." [NAME=beside_others, LM_ARGS="--order 4"]
	@$(RUN) -m training.language_model $(TEXT) --repository $(REPOSITORY) --version $(VERSION) \
		$(if $(NAME),--name $(NAME)) $(LM_ARGS)

engines:  ## on a machine with an NVIDIA GPU: build TensorRT engines from the graphs and verify them: ENGINE_ARGS="--help"
	@$(ENGINES_PYTHON) -m export.tensorrt --repository $(REPOSITORY) $(ENGINE_ARGS)

image:  ## container image: TARGET=server|cpu|engines WEIGHTS=baked|mounted TAG=latest CONTAINER=docker
	$(CONTAINER) build -f docker/Dockerfile --target $(TARGET) --build-arg WEIGHTS=$(WEIGHTS) \
		--build-arg REVISION=$(REVISION) -t tritone$(patsubst -server,,-$(TARGET)):$(TAG) .

image-export:  ## container image with NeMo, for exporting: TAG=latest, BUILD_ARGS="--build-arg TORCH_INDEX="
	$(CONTAINER) build -f docker/export.Dockerfile --build-arg REVISION=$(REVISION) $(BUILD_ARGS) -t tritone-export:$(TAG) .

up:  ## Triton, Prometheus and Grafana in containers: PROFILE=cpu|gpu; needs docker/.env, see docker/README.md
	$(COMPOSE) --profile $(PROFILE) up --build --detach

down:  ## stop them; the data of Prometheus and Grafana is kept
	$(COMPOSE) --profile cpu --profile gpu down

check-alerts:  ## check the alert rules and run their tests, with promtool
	@cd docker/prometheus && promtool check config prometheus.yml && promtool test rules alerts_test.yml

deploy: setup  ## release this tree to a node and switch to it without a failed request: HOST=user@node [DEPLOY_ARGS="--dry-run"]
	@$(RUN) -m deploy release $(HOST) $(DEPLOY_ARGS)

rollback: setup  ## switch a node back to the previous release: HOST=user@node
	@$(RUN) -m deploy rollback $(HOST) $(DEPLOY_ARGS)

status: setup  ## show what a node serves: HOST=user@node
	@$(RUN) -m deploy status $(HOST) $(DEPLOY_ARGS)

test-deploy:  ## test releases, failures and rollbacks with a real sshd and Envoy on this machine; PYTEST_ARGS=
	@$(PYTHON) tools/environment.py deploy && $(PYTHON) tools/environment.py test
	@$(RUN) -m pytest tests/deploy $(PYTEST_ARGS)

fetch-checkpoints: setup  ## list published checkpoints, or download some into checkpoints/: NAMES="stt_en_quartznet15x5 ..." or all [YES=1]
	@$(RUN) -m export.fetch $(NAMES) $(if $(filter 1,$(YES)),--yes)

verify-checkpoint: setup export-env  ## fetch, export, compare with NeMo, serve and measure, installing nothing: NAME="parakeet-ctc-0.6b" or a path [YES=1]
	@$(RUN) -m perf.trial $(NAME) --nemo-python $(NEMO) $(if $(filter 1,$(YES)),--yes) $(TRIAL_ARGS)

certificates: setup  ## a certificate authority, server's and client's certificate for trying TLS: [HOSTS="name 192.0.2.1"] in certificates/
	@$(RUN) tools/certificates.py $(HOSTS)

apt-packages:  ## Debian and Ubuntu: the shared libpython that Triton's Python backend embeds (asks for root)
	$(SUDO) apt-get install -y libpython$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

perf-packages:  ## Debian and Ubuntu: the library that perf_analyzer needs (asks for root)
	$(SUDO) apt-get install -y libb64-0d

deploy-packages:  ## Debian and Ubuntu: packages for deploys (asks for root)
	$(SUDO) apt-get install -y rsync openssh-client

test-packages: deploy-packages  ## the same, and packages for the tests of deploys, alerts and the gateway: sshd, Prometheus, PostgreSQL (asks for root)
	$(SUDO) apt-get install -y openssh-server prometheus postgresql chromium

clean:  ## remove the environments
	rm -rf .venv .venv-export
