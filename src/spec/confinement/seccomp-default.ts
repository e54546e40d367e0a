/**
 * The default seccomp profile as data: what Podman's default allows, with some differences (docs/seccomp.md has the
 * reasons). Names that an architecture or its libseccomp does not know are skipped when the filter is compiled.
 */
import type { Capability } from '../../util/capabilities.js';

const words = (...groups: readonly string[]): readonly string[] => groups.flatMap((group) => group.split(/\s+/));

/** System calls that are allowed with any arguments. */
export const ALLOWED = words(
  // files and directories
  `access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
   fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchown fchown32 fchownat fcntl fcntl64 fdatasync flock
   fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64
   lchown lchown32 link linkat _llseek lseek lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat
   open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readdir readlink
   readlinkat readv rename renameat renameat2 rmdir sendfile sendfile64 splice stat stat64 statfs statfs64 statx
   symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat utime utimensat
   utimensat_time64 utimes write writev`,
  // extended attributes
  `fgetxattr flistxattr fremovexattr fsetxattr getxattr lgetxattr listxattr llistxattr lremovexattr lsetxattr
   removexattr setxattr`,
  // waiting and notification
  `epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
   eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
   io_getevents io_setup io_submit _newselect poll ppoll ppoll_time64 pselect6 pselect6_time64 select`,
  // sockets
  `accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64
   recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketpair`,
  // mounts and namespaces (the kernel asks for capabilities)
  `fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree pivot_root setns umount umount2 unshare`,
  // memory
  `brk get_mempolicy madvise mbind membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2
   mprotect mremap msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease
   process_vm_readv process_vm_writev remap_file_pages set_mempolicy`,
  // messages, semaphores, shared memory
  `ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
   mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget`,
  // processes and threads
  `capget capset clone clone3 execve execveat exit exit_group fork futex futex_time64 get_robust_list
   get_thread_area getcpu getpgid getpgrp getpid getppid getpriority getrlimit getrusage getsid gettid ioprio_get
   ioprio_set kill pidfd_getfd pidfd_open pidfd_send_signal prctl prlimit64 ptrace restart_syscall rseq seccomp
   set_robust_list set_thread_area set_tid_address setpgid setpriority setrlimit setsid tgkill tkill ugetrlimit
   vfork wait4 waitid waitpid`,
  // scheduling
  `sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
   sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
   sched_setscheduler sched_yield`,
  // users and groups
  `getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 getresuid
   getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32
   setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32`,
  // signals
  `pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
   rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask
   sigreturn sigsuspend`,
  // time
  `adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
   clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
   timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd timerfd_create
   timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times`,
  // the rest
  `getrandom ioctl keyctl landlock_add_rule landlock_create_ruleset landlock_restrict_self reboot syscall sysinfo
   syslog uname`,
);

/** System calls younger than Podman's list of 2022 that are only faster or narrower forms of calls on it. */
export const ALLOWED_SINCE = words(
  `cachestat fchmodat2 file_getattr file_setattr futex_requeue futex_wait futex_waitv futex_wake getxattrat
   listmount listxattrat lsm_get_self_attr lsm_list_modules lsm_set_self_attr map_shadow_stack mseal open_tree_attr
   removexattrat riscv_hwprobe set_mempolicy_home_node setxattrat statmount uretprobe`,
);

/** System calls that are refused with EPERM: programs react better to that than to ENOSYS, the default. */
export const REFUSED = words(
  `bdflush io_pgetevents kexec_file_load kexec_load migrate_pages move_pages nfsservctl nice oldfstat oldlstat
   oldolduname oldstat olduname pciconfig_iobase pciconfig_read pciconfig_write sgetmask ssetmask swapcontext swapoff
   swapon sysfs uselib userfaultfd ustat vm86 vm86old vmsplice`,
);

/** System calls that are allowed with a capability, and refused (EPERM) without it. */
export const ALLOWED_BY_CAPABILITY: Readonly<Partial<Record<Capability, readonly string[]>>> = {
  CAP_DAC_READ_SEARCH: words('open_by_handle_at'),
  CAP_SYS_ADMIN: words('bpf fanotify_init lookup_dcookie perf_event_open quotactl setdomainname sethostname'),
  CAP_SYS_CHROOT: words('chroot'),
  CAP_SYS_MODULE: words('delete_module finit_module init_module query_module'),
  CAP_SYS_PACCT: words('acct'),
  CAP_SYS_PTRACE: words('kcmp process_madvise'),
  CAP_SYS_RAWIO: words('ioperm iopl'),
  CAP_SYS_TIME: words('clock_settime clock_settime64 settimeofday stime'),
  CAP_SYS_TTY_CONFIG: words('vhangup'),
};

/** System calls that are allowed on one architecture, by the names of process.arch. */
export const ALLOWED_BY_ARCHITECTURE: Readonly<Record<string, readonly string[]>> = {
  x64: words('arch_prctl modify_ldt'),
  arm64: words('arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2'),
  ppc64: words('sync_file_range2'),
  s390x: words('s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr'),
};

/** Arguments of personality(2) that are harmless: LINUX, LINUX32, each also with UNAME26, and the query. */
export const ALLOWED_PERSONALITIES: readonly number[] = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];
