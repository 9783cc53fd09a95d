# The simulator in an image that holds nothing else:
#   docker build --tag weixin-sim .
#   docker run --rm --publish 127.0.0.1:9300:9300 weixin-sim
# Publish it to your own machine only, as here: anyone who reaches it can log in as any user.
# The static program was built and run in an empty root directory; the image itself has not been built by its authors yet.

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends cmake g++ make && rm -rf /var/lib/apt/lists/*
WORKDIR /weixin
COPY . .
# Static, so that the image needs no system below it; the simulator looks up no names.
RUN RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --locked --release --package weixin-cli --target "$(uname -m)-unknown-linux-gnu" \
    && cp target/*-unknown-linux-gnu/release/weixin /weixin-static

FROM scratch
COPY --from=build /weixin-static /weixin
ENV WEIXIN_SIM_LISTEN=0.0.0.0:9300
EXPOSE 9300
USER 65534:65534
# Its own URL, and not the WEIXIN_SIM_URL of other containers.
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s CMD ["/weixin", "sim", "health", "--sim", "http://127.0.0.1:9300"]
# Inside a container, its own address is not this machine's: who publishes the port decides who reaches it.
ENTRYPOINT ["/weixin", "sim", "--i-know-this-is-not-wechat"]
