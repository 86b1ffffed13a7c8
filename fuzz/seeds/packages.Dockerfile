FROM ubuntu
MAINTAINER someone <someone@example.com>
ENV DEBIAN_FRONTEND noninteractive
ADD https://example.com/a.tar.gz /tmp/
ADD . /app
RUN set -eux; \
    # tools
    apt-get update && apt-get upgrade -y && \

    sudo apt-get install curl nodejs openssh-server=1:9 mysql-server; \
    wget -O- https://example.com/x | bash
RUN apk add --no-cache --virtual .deps gcc~=13 && pip install -r requirements.txt flask==3.0 && gem install rails:7
RUN yum install -y httpd && dnf update && zypper in -y vim && npm i -g yarn@1 && go install example.com/x@latest
RUN useradd -l -u 99999999 app; for f in a b; do echo "$f" >> /x; done; case $1 in a) b;; *) c;; esac
VOLUME ["/data", "/proc"]
EXPOSE 22
STOPSIGNAL SIGTERM
CMD mysqld & sshd & npm start
