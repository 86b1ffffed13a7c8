# syntax=docker/dockerfile:1
# check=skip=FromAsCasing;error=true
ARG NODE=22
ARG IMAGE=node:${NODE}-alpine
FROM --platform=$BUILDPLATFORM ${IMAGE} AS build
ARG NODE
ENV HOME=/home/app PATH=$HOME/bin:${PATH:-/bin} "q"="a b"
WORKDIR /src
COPY --chown=node:node --link package*.json ["one two", "./"]
RUN --mount=type=cache,target=/root/.npm --network=none npm ci --omit=dev
COPY . .
# hadolint ignore=DL3003,DL4006
RUN cd /src && npm run build | tee /log
# hadolint stage ignore=DL3059
FROM build
# swrctl allow=latest-tag until=2027-12-31 reason=frozen by the platform team
COPY --from=registry.example:5000/team/tool:latest@sha256:aa /bin/tool /bin/
LABEL org.opencontainers.image.title="x" legacy value here
EXPOSE 80/tcp ${PORT:-8080} 99999
HEALTHCHECK --interval=5s --retries=3 CMD curl --fail http://localhost:80 || exit 1
ONBUILD RUN ["sh", "-c", "echo $HOME & wait"]
USER 1000:1000
ENTRYPOINT ["./start.sh"]
CMD ["serve", "--port", "80"]
