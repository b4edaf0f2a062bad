# Builds the program, then puts it alone into a small image that runs as nobody in particular.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked && cp target/release/hubcommander /hubcommander

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /data hubcommander \
    && install -d -o hubcommander /data/data
COPY --from=build /hubcommander /usr/local/bin/hubcommander
USER hubcommander
WORKDIR /data
VOLUME /data
# `run` reads /data/config.toml; `sandbox` needs nothing.
ENTRYPOINT ["hubcommander"]
CMD ["run"]
