#!/bin/sh -e
# What every server gets, whatever it serves.
chmod 700 /root
rm -f /etc/nginx/conf.d/default.conf
rm -rf /var/cache/apt/* /var/lib/apt/lists/*
mkdir -p /etc/profile.d
echo 'umask 027' > /etc/profile.d/umask.sh
