# The command and the emulator: docker build -t vodup . && docker run --rm vodup --help (docs/operating.md).

# What .devcontainer uses: everything that the tests start.
FROM node:24-bookworm-slim AS develop
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ffmpeg git openssl python3 redis-server strace \
  && rm -rf /var/lib/apt/lists/*

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination /tmp \
  && npm install --prefix /app --omit=dev --no-audit --no-fund /tmp/vodup-*.tgz

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.source="https://github.com/OWNER/vodup" \
  org.opencontainers.image.licenses="MIT"
COPY --from=build /app /app
ENV NODE_ENV=production PATH="/app/node_modules/.bin:${PATH}" XDG_STATE_HOME=/state
RUN mkdir /state /data && chown node:node /state /data
USER node
WORKDIR /data
# Unfinished uploads are resumed from here: keep it on a volume.
VOLUME /state
ENTRYPOINT ["vodup"]
CMD ["--help"]
