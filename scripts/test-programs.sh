#!/bin/sh
# Installs the Debian programs that some tests and checks use; tests that miss one are skipped with the reason.
# Needs root and apt-get. `npm test` calls it with CI=true, or when asked with --programs.
set -eu

programs='busybox-static tmux strace jq zsh fish uidmap libseccomp2 podman crun runc conmon
  nftables iproute2 iperf3 netavark aardvark-dns
  e2fsprogs golang-github-containers-common docker-registry skopeo umoci zstd attr openssl cmake make g++ clang clang-format clang-tidy libclang-rt-14-dev'

missing=''
for program in $programs; do
  if [ "$(dpkg-query -W -f '${db:Status-Status}' "$program" 2>/dev/null || true)" != installed ]; then
    missing="$missing $program"
  fi
done
if [ -z "$missing" ]; then exit 0; fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# Word splitting is what is wanted here.
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing
