# NeMo, to turn checkpoints into verified graphs; docker/README.md explains how to run it.
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm


FROM ${PYTHON_IMAGE} AS packages
# Index with torch's CPU builds: exporting needs no GPU, and PyPI's builds include 3 GB of CUDA. Empty means PyPI.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /build
COPY export/requirements.txt ./
RUN python3 -m venv --without-pip /opt/tritone/venv \
    && python3 -m pip --python /opt/tritone/venv/bin/python3 install --no-cache-dir \
        ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' requirements.txt)" \
    && python3 -m pip --python /opt/tritone/venv/bin/python3 install --no-cache-dir -r requirements.txt


FROM ${PYTHON_IMAGE} AS export
RUN groupadd --gid 10001 tritone \
    && useradd --uid 10001 --gid tritone --no-create-home --home-dir /tmp --shell /usr/sbin/nologin tritone
COPY --from=packages /opt/tritone/venv /opt/tritone/venv
COPY LICENSE /opt/tritone/
COPY demo/recordings /opt/tritone/demo/recordings
COPY tritone /opt/tritone/tritone
COPY export /opt/tritone/export
# HOME must be writable for any user: numba, matplotlib and NeMo keep caches there.
ENV PATH=/opt/tritone/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /opt/tritone
# Mount points.
RUN mkdir checkpoints model_repository
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["python3", "-m", "export"]
CMD ["--help"]
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tritone-export" \
      org.opencontainers.image.description="NeMo speech checkpoints to verified ONNX graphs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim-bookworm"
