#!/bin/sh
# Makes the disk image and finds the kernel that scripts/vm/test.mjs boots: build-image.sh DIRECTORY RELEASE. Needs root, debootstrap,
# mkfs.ext4 and Debian's package mirror; takes about two minutes. The result is used again until this file or guest-run.sh changes.
set -eu

directory=$1
here=$(dirname "$(readlink -f "$0")")
release=$2
mirror=${TSPOD_VM_MIRROR:-http://deb.debian.org/debian}

# What the tests use in the guest: of scripts/test-programs.sh all but the compilers, Podman and umoci.
packages=systemd,systemd-sysv,dbus,kmod,apparmor,procps,psmisc,iproute2,util-linux,uidmap,busybox-static,tmux,strace,jq,bash,zsh,fish
packages=$packages,libseccomp2,libstdc++6,ca-certificates,libasan8,libubsan1
packages=$packages,nftables,aardvark-dns,crun,runc,e2fsprogs,zstd,attr,openssl,python3-minimal,docker-registry,skopeo

rm -rf "$directory"
mkdir -p "$directory"
root=$directory/root

# 77: the mirror cannot be reached.
debootstrap --variant=minbase --include="$packages" "$release" "$root" "$mirror" || exit 77

# The kernel is unpacked, not installed: no boot loader, no initramfs (disk and file system drivers are built into this one).
chroot "$root" apt-get update -q || exit 77
version=$(chroot "$root" apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: linux-image-//p' | head -n 1)
chroot "$root" sh -c 'cd /tmp && apt-get download -q "linux-image-$1"' sh "$version" || exit 77
dpkg-deb -x "$root"/tmp/linux-image-*.deb "$directory/kernel"
cp "$directory/kernel/boot/vmlinuz-$version" "$directory/vmlinuz"
# Where it lies depends on the release.
cp -a "$(find "$directory/kernel" -type d -path '*lib/modules')" "$root/lib/"
chroot "$root" depmod "$version"

echo tspod-vm > "$root/etc/hostname"
echo '127.0.0.1 localhost tspod-vm' > "$root/etc/hosts"
useradd --root "$root" --create-home --uid 1000 --shell /bin/bash tester
grep -q '^tester:' "$root/etc/subuid" || echo 'tester:100000:65536' >> "$root/etc/subuid"
grep -q '^tester:' "$root/etc/subgid" || echo 'tester:100000:65536' >> "$root/etc/subgid"

# Nothing that waits for a network, a time server or a person.
for unit in systemd-networkd-wait-online.service systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer getty@tty1.service \
  e2scrub_all.timer fstrim.timer man-db.timer dpkg-db-backup.timer systemd-firstboot.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
cat > "$root/etc/systemd/system/tspod-tests.service" <<'UNIT'
[Unit]
Description=The tests of tspod
After=multi-user.target

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/guest-run
Delegate=yes
LimitNOFILE=65536
TasksMax=infinity

[Install]
WantedBy=multi-user.target
UNIT
sed -i 's/^After=multi-user.target$/After=basic.target dbus.service/' "$root/etc/systemd/system/tspod-tests.service"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants" "$root/repository"
ln -s ../tspod-tests.service "$root/etc/systemd/system/multi-user.target.wants/tspod-tests.service"
install -m 755 "$here/guest-run.sh" "$root/usr/local/sbin/guest-run"

rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/man/* "$root"/tmp/*.deb "$directory/kernel"
mkfs.ext4 -q -F -d "$root" -E lazy_itable_init=1 "$directory/root.ext4" 3G
rm -rf "$root"
