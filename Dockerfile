# The command `undercurrent` in a container: built with all it takes, shipped with what it runs on.
# The tag moves on with the fixes of Debian and Node; whoever wants the same bytes again gives one with a digest.
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build

# What it runs on.
FROM build AS production
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund

# The second Kafka producer, so that kafka.producerClient can name it, and what openTelemetry needs. They are development
# dependencies, which `npm install --omit=dev` leaves out. Node finds them one folder above the command's own.
FROM ${NODE_IMAGE} AS optional
WORKDIR /optional
RUN npm install --ignore-scripts --no-audit --no-fund @platformatic/kafka@2.12.1 \
  @opentelemetry/api@1.9.1 @opentelemetry/resources@2.12.1 @opentelemetry/sdk-metrics@2.12.1 \
  @opentelemetry/sdk-trace-base@2.12.1 @opentelemetry/exporter-metrics-otlp-http@0.223.0 \
  @opentelemetry/exporter-trace-otlp-http@0.223.1

FROM ${NODE_IMAGE} AS service
# The C library keeps a pool of memory for each thread, which let resident memory grow by a tenth in an hour; two pools do not.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=optional /optional/node_modules /node_modules
COPY --from=production /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
# Asks the page: with server.enabled false there is none, and `--no-healthcheck` is the answer.
HEALTHCHECK --interval=5s --timeout=5s --retries=12 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.UNDERCURRENT_PORT ?? 7070}/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node runs as process 1 without an init: the command handles SIGTERM itself and starts no processes of its own.
ENTRYPOINT ["node", "/app/dist/cli.js"]
CMD ["run", "--config", "/etc/undercurrent.yaml"]

# The same with series to try it with: the command `seed`.
FROM service AS samples
COPY --from=build /app/node_modules/vega-datasets node_modules/vega-datasets
HEALTHCHECK --interval=5s CMD ["node", "--version"]
CMD ["seed", "--config", "/etc/undercurrent.yaml"]

FROM service
