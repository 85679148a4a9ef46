#!/usr/bin/env bash
# Installs what `npm run test:install` makes machines with, where it is missing: debootstrap, systemd-nspawn, lintian, and
# qemu for programs of arm64. Debian and its relatives, as root.
set -euo pipefail

if [ "$(id -u)" -ne 0 ]; then
  echo "npm run test:install makes and boots a Debian system: it has to run as root." >&2
  exit 1
fi
missing=()
command -v debootstrap >/dev/null || missing+=(debootstrap debian-archive-keyring)
command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
command -v lintian >/dev/null || missing+=(lintian)
command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user-static)
command -v socat >/dev/null || missing+=(socat)
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "npm run test:install needs ${missing[*]}: it runs on Debian and its relatives." >&2
  exit 1
fi
echo "installing ${missing[*]} for the tests"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
