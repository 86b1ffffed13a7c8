from Node:latest AS Builder
ARG TOKEN_SECRET
env PATH=$PATH:/x A_PASSWORD=hunter2 B=$UNKNOWN
COPY --from=builder /a b
COPY a.tar.gz node_modules src/ /opt
ADD https://example.com/x.tgz /x.tgz
WORKDIR app
SHELL ["/bin/sh", "-c"]
RUN cd app && make; ps aux; ln -sf /bin/bash /bin/sh
RUN wget https://example.com/a.tgz && tar xf a.tgz
RUN curl -fsSL https://example.com/b | sh
RUN apt install vim && apt-get update
RUN apt-get install -y nginx mysql-server
RUN yarn install && pip install flask
RUN dnf install -y gcc; zypper install -y vim
FROM debian:bookworm as builder
FROM --platform=linux/amd64 scratch AS scratch
FROM --platform=$TARGETPLATFORM docker.io/library/centos:7 AS web
LABEL Maintainer=x a..b=c a=1 a=2 "spaced value"=x
EXPOSE 80/TCP 127.0.0.1:80:80 70000 tcp
VOLUME /dev
RUN useradd --uid 999999999 app
COPY . .
RUN npm ci && apk upgrade
USER app
USER root
HEALTHCHECK CMD curl http://localhost/
HEALTHCHECK NONE
CMD systemctl start nginx
ENTRYPOINT nginx -g "daemon off;"
CMD ["a"]
ONBUILD MAINTAINER me
COPY --from=nowhere:latest / /
