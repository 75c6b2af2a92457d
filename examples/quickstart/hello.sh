#!/bin/sh
. /etc/acme/release
echo "hello from $image, on $platform"
