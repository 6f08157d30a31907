# The command `undercurrent` in a container: built with all it takes, shipped with what it runs on.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
# Node runs as process 1 without an init: the command handles SIGTERM itself and starts no processes of its own.
ENTRYPOINT ["node", "/app/dist/cli.js"]
CMD ["run", "--config", "/etc/undercurrent.yaml"]
