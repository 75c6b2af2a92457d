#!/usr/bin/env bash
# make-tools.sh DIR: makes a Python environment with moto, which is a third party's AWS, and with AWS's own command line, once.
# Needs Debian's python3-venv, and PyPI.
set -euo pipefail
dir=${1:?usage: make-tools.sh DIR}
mkdir -p "$(dirname "$dir")"
# Two at once: the second waits for what the first makes.
exec 9>"$dir.lock"
flock 9
[ ! -e "$dir/done" ] || exit 0
rm -rf "$dir"
python3 -m venv "$dir"
"$dir/bin/pip" install --quiet --disable-pip-version-check --no-input 'moto[server]==5.2.*' 'awscli>=1.40,<2'
touch "$dir/done"
