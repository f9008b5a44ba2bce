# The binary and nothing else. `cargo xtask dist` makes the folder that this is built in:
#     docker build --tag upspec target/distrib/image
#     docker run --rm --network host --volume "$PWD:/work" upspec run ws://127.0.0.1:9001/chat
FROM scratch
ARG TARGETARCH=amd64
COPY ${TARGETARCH}/upspec /upspec
WORKDIR /work
ENTRYPOINT ["/upspec"]
