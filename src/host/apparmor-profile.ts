/** The AppArmor profile of containers for which none is named (apparmor.d(5)). */

/** Name of the profile. Its number goes up with every change of the text, because a profile in use is not replaced. */
export const DEFAULT_APPARMOR_PROFILE = 'tspod-default-1';

/**
 * Text of the profile: a second line of defence behind namespaces, capabilities, the seccomp filter and masked paths. A
 * container uses its own files, network and processes freely, and neither mounts nor changes the kernel through /proc
 * and /sys.
 */
export const DEFAULT_PROFILE_TEXT = `profile ${DEFAULT_APPARMOR_PROFILE} flags=(attach_disconnected,mediate_deleted) {
  file,
  network,
  capability,
  umount,
  deny mount,

  signal (receive) peer=unconfined,
  signal (send, receive) peer=${DEFAULT_APPARMOR_PROFILE},
  ptrace (read, trace, readby, tracedby) peer=${DEFAULT_APPARMOR_PROFILE},

  deny /proc/sysrq-trigger rwklx,
  deny /proc/kcore rwklx,
  deny /proc/kmem rwklx,
  deny /proc/mem rwklx,
  deny /proc/acpi/** wklx,
  deny /proc/bus/** wklx,
  deny /proc/fs/** wklx,
  deny /proc/irq/** wklx,
  deny /proc/scsi/** wklx,
  deny /proc/sys/abi/** wklx,
  deny /proc/sys/debug/** wklx,
  deny /proc/sys/dev/** wklx,
  deny /proc/sys/vm/** wklx,
  deny /proc/sys/fs/binfmt_misc/** wklx,
  deny /proc/sys/kernel/core_pattern wklx,
  deny /proc/sys/kernel/hotplug wklx,
  deny /proc/sys/kernel/modprobe wklx,
  deny /proc/sys/kernel/yama/** wklx,

  deny /sys/{block,bus,class,dev,devices,hypervisor,module,power}/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/kernel/** wklx,
  deny /sys/kernel/{debug,security,tracing}/** rwklx,
}
`;
