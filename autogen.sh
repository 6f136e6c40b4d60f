#!/bin/sh
# Makes ./configure from a clean clone (needs autoconf, automake and pkg-config).
set -e
cd "$(dirname "$0")"
mkdir -p m4 build-aux
exec autoreconf --install --force
