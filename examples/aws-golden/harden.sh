#!/bin/sh
# Every server: no passwords, no root, a kernel that tells less.
set -eu

# What cloud-init does at a first boot must not run into ours.
if command -v cloud-init >/dev/null; then cloud-init status --wait; fi

put() {
  sudo mkdir -p "$(dirname "$1")"
  sudo tee "$1" >/dev/null
}

put /etc/ssh/sshd_config.d/10-golden.conf <<'CONFIG'
PasswordAuthentication no
PermitRootLogin no
X11Forwarding no
CONFIG

put /etc/sysctl.d/60-golden.conf <<'CONFIG'
kernel.dmesg_restrict = 1
kernel.kptr_restrict = 2
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.send_redirects = 0
CONFIG

# The minimal base of a rehearsal has no packages.
if command -v apt-get >/dev/null; then
  sudo apt-get update -q
  sudo DEBIAN_FRONTEND=noninteractive apt-get -q -y upgrade
fi
