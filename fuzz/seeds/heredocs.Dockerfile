FROM alpine:3.22
RUN <<EOF
#!/usr/bin/env bash
set -e
apk add curl
if [ -n "$A" ]; then cd /tmp && make; fi
EOF
RUN <<-ONE cat && <<"TWO" bash -e
	first $HOME
	ONE
apk upgrade
TWO
COPY <<'A' <<B /etc/conf/
a = 1
A
b = $B
B
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN 3<<X python3 - <<Y > /out
x
X
print("é 漢字")
Y
CMD ["true"]
