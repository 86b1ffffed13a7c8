FROM alpine:3.22
RUN <<EOF
apk add ${A:-curl
if [ -n "$A" ]; then make; fi
EOF
RU\
N cd app && make
