#!/bin/sh
# One web server with its site.
set -eu

# The minimal base of a rehearsal has no packages.
if command -v apt-get >/dev/null && ! command -v nginx >/dev/null; then
  sudo apt-get update -q
  sudo DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends nginx
fi

sudo mkdir -p /var/www/html
sudo cp /tmp/site/index.html /var/www/html/index.html
rm -r /tmp/site
