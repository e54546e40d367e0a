#!/bin/sh
# enter-peer-root.sh ROOT NODE SCRIPTS [SHARED ...]: runs peer-host.mjs with another Debian tree as its root. The mount namespace is the
# caller's to make (unshare -m). What is shared (scratch directories) has the same path in both; nothing is written to the tree itself.
set -e
root=$1 node=$2 scripts=$3
shift 3

mount --bind "$root" "$root"
for name in proc sys dev; do mount --rbind "/$name" "$root/$name"; done
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/mnt"

for path in "$@"; do
  case $path in /dev/*) continue ;; esac
  mkdir -p "$root$path"
  mount --bind "$path" "$root$path"
done
mkdir "$root/mnt/scripts" "$root/mnt/old"
: > "$root/mnt/node"
mount --bind "$node" "$root/mnt/node"
mount --bind "$scripts" "$root/mnt/scripts"

cd "$root"
pivot_root . mnt/old
exec chroot . sh -c 'cd / && umount -l /mnt/old && exec /mnt/node /mnt/scripts/peer-host.mjs'
