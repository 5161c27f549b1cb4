# The harness on Debian 12, for the CPU: docker build -t senet . && docker run --rm -v "$PWD:/work" senet run FILE
# Not built yet: no Docker was at hand where this was written. What it runs are the scripts that every test run begins with.
FROM debian:12-slim
COPY . /senet
WORKDIR /senet
RUN scripts/setup && scripts/build cpu senet_program && cmake --install build/cpu --prefix /usr/local \
    && ldconfig && rm -rf build /var/lib/apt/lists/*
WORKDIR /work
ENTRYPOINT ["senet"]
