#!/usr/bin/env sh
set -e
main() { if [ "$1" = a ]; then exec gosu app "$@"; elif b; then c; else d & fi; }
trap 'kill $!' TERM
A=1 env B=2 sudo -u x sh -c "cd /tmp && apt-get install \"a b\" $(cat list)"
case "$1" in start) npm start;; *) exec "$@";; esac
cat <<END | bash
apk add x
END
for x in $(seq 3); do [[ $x =~ ^a ]] && echo ${x%%.*} $((x + 1)) || exit $?; done >/log 2>&1
main "$@"
