# One recipe for every service: docker build --build-arg SERVICE=router -t lotse-router .
# SERVICE=local is the command line with the stand-in and the play.
ARG PYTHON=python:3.12-slim

FROM ${PYTHON} AS build
ARG UV=0.13.9
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore "uv==${UV}"
ENV UV_PROJECT_ENVIRONMENT=/app \
    UV_PYTHON_DOWNLOADS=never \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1
WORKDIR /src

# What others wrote, as locked: this layer stays until the lock changes. What no process reads is left out.
ARG SERVICE
COPY pyproject.toml uv.lock deploy/image/slim.py ./
RUN test -n "${SERVICE}" || { echo "name the service: --build-arg SERVICE=router" >&2; exit 1; }; \
    uv sync --frozen --no-dev --no-install-workspace --package "lotse-${SERVICE}" \
    && python slim.py /app/lib/python3*/site-packages

# What is written here. The one import proves that the closure is whole, and compiles just what will run.
COPY libs libs
COPY services services
RUN uv sync --frozen --no-dev --no-editable --package "lotse-${SERVICE}" \
    && cd /app/bin \
    && if [ "${SERVICE}" = local ]; then app=lotse.local.cli; command=lotse; else app="lotse.${SERVICE}.app"; command="lotse-${SERVICE}"; fi \
    && ln -s "${command}" service \
    && ./python -c "import ${app}, lotse.runtime.migrate, lotse.runtime.topics"

FROM ${PYTHON}
ARG SERVICE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="lotse-${SERVICE}" \
    org.opencontainers.image.description="Lotse, online customer service as a stream of events: ${SERVICE}" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.licenses="Apache-2.0"
RUN pip uninstall --yes --quiet --root-user-action=ignore pip \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin lotse
COPY --from=build /app /app
COPY LICENSE /app/
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LOTSE_HTTP_HOST=0.0.0.0 \
    LOTSE_HTTP_PORT=8080
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"LOTSE_HTTP_PORT\"]}/readyz', timeout=3)"]
CMD ["service"]
