#!/bin/sh
# Runs in the virtual machine, as a service of systemd or as the init itself (kernel parameter init=): mounts the disk that
# holds the repository, runs the command that lies there, and switches the machine off. What the command prints goes to
# the second serial line; the line after it says how it ended.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux

if [ $$ = 1 ]; then
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount -o remount,rw /
  mount -t devtmpfs devtmpfs /dev 2>/dev/null
  mkdir -p /dev/pts /dev/shm /dev/mqueue
  mount -t devpts -o mode=620,gid=5,ptmxmode=666 devpts /dev/pts
  mount -t tmpfs -o mode=1777 tmpfs /dev/shm
  mount -t mqueue mqueue /dev/mqueue
  mount -t tmpfs -o mode=755 tmpfs /run
  mount -t tmpfs -o mode=1777 tmpfs /tmp
  mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
  if grep -q tspod.cgroup=v1 /proc/cmdline; then
    mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
    for controller in cpu cpuacct cpuset memory devices freezer blkio pids hugetlb; do
      mkdir "/sys/fs/cgroup/$controller"
      mount -t cgroup -o "$controller" "$controller" "/sys/fs/cgroup/$controller" || rmdir "/sys/fs/cgroup/$controller"
    done
  else
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    # As systemd would: groups at the top have the controllers.
    for controller in cpu cpuset io memory pids; do echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control; done
  fi
  mount --make-rshared /
  hostname tspod-vm
  ip link set lo up
fi

modprobe overlay
mount /dev/nvme0n2 /repository
cd /repository || exit 1
sh ./vm-command > /dev/ttyS1 2>&1 < /dev/null
printf '\nvm: ended with %d\n' $? > /dev/ttyS1
sync
echo o > /proc/sysrq-trigger
sleep 60
