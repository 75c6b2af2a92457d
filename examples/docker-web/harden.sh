#!/bin/sh -e
# Nobody needs to become root in here.
find / -xdev -type f -perm /6000 -exec chmod u-s,g-s {} +
rm -rf /var/cache/apt/* /var/lib/apt/lists/*
