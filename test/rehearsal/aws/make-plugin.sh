#!/usr/bin/env bash
# make-plugin.sh FILE: compiles AWS's own session-manager-plugin, once. Needs Go, and its module proxy.
set -euo pipefail
file=${1:?usage: make-plugin.sh FILE}
[ ! -x "$file" ] || exit 0
mkdir -p "$(dirname "$file")"
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
version=v0.0.0-20260401221635-b79d06c1d3a2
source=$(cd "$work" && go mod download -json "github.com/aws/session-manager-plugin@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
cp -r "$source" "$work/plugin"
chmod -R u+w "$work/plugin"
# It is published without a go.mod: these versions are of the same time, and of the uuid package one from before it changed its types.
cat >"$work/plugin/go.mod" <<'MOD'
module github.com/aws/session-manager-plugin

go 1.24

require (
	github.com/aws/aws-sdk-go-v2 v1.41.5
	github.com/aws/aws-sdk-go-v2/config v1.32.12
	github.com/aws/aws-sdk-go-v2/service/kms v1.50.4
	github.com/aws/aws-sdk-go-v2/service/ssm v1.68.0
	github.com/cihub/seelog v0.0.0-20170130134532-f561c5e57575
	github.com/fsnotify/fsnotify v1.10.1
	github.com/gorilla/websocket v1.5.3
	github.com/stretchr/testify v1.12.1
	github.com/twinj/uuid v0.0.0-20151029044442-89173bcdda19
	github.com/xtaci/smux v1.5.58
	golang.org/x/crypto v0.58.0
	golang.org/x/sync v0.24.0
)
MOD
cd "$work/plugin"
CGO_ENABLED=0 GOFLAGS=-mod=mod go build -trimpath -o "$file" ./src/sessionmanagerplugin-main
