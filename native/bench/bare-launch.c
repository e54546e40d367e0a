/*
 * A lower bound for launch times: the kernel's work for a container and nothing else, in one plain C program.
 * For each line on stdin it makes an overlay root and cgroups, clones into six new namespaces, makes the
 * default mounts, device nodes and masks, pivots the root, executes a command, waits for it, removes what it
 * made, and prints the time all this took in ns.
 *
 * bare-launch ROOTFS WORKDIR COMMAND
 *
 * It takes every short cut that a real engine cannot take: no configuration, no error texts, no log, no
 * record, no recovery, no locked-down path resolution. Built and run by scripts/bench.mjs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_HIERARCHIES 32

static const char* const kMasked[] = {
    "/proc/acpi",       "/proc/kcore",       "/proc/keys",        "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
    "/sys/firmware",    "/sys/fs/selinux",   "/sys/dev/block",
};
static const char* const kReadonly[] = {
    "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};
static const struct {
  const char* name;
  unsigned major, minor;
} kDevices[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
static const char* const kLinks[][2] = {
    {"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
    {"/proc/self/fd/2", "stderr"}, {"pts/ptmx", "ptmx"},         {"/proc/kcore", "core"},
};

/* The mounted cgroup hierarchies of the host, v1 and v2. */
static struct {
  char path[256];
  int v2;
} hierarchies[MAX_HIERARCHIES];
static size_t hierarchy_count;

static const char* rootfs;
static const char* workdir;
/* The launcher's pid on the host, after which its cgroups are named. */
static int launcher;

static void die(const char* what) {
  fprintf(stderr, "bare-launch: %s: %s\n", what, strerror(errno));
  _exit(1);
}

static void check(int result, const char* what) {
  if (result < 0) die(what);
}

/* Returns a path in one of four buffers that are used in turn: valid until the fourth call after it. */
__attribute__((format(printf, 1, 2))) static const char* path_of(const char* format, ...) {
  static char buffers[4][1024];
  static unsigned next;
  char* buffer = buffers[next++ % COUNT(buffers)];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(buffer, sizeof buffers[0], format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length >= sizeof buffers[0]) die("path too long");
  return buffer;
}

static void find_hierarchies(void) {
  FILE* mounts = fopen("/proc/self/mounts", "re");
  if (mounts == NULL) die("/proc/self/mounts");
  char device[256], path[256], type[64], line[4096];
  while (fgets(line, sizeof line, mounts) != NULL && hierarchy_count < MAX_HIERARCHIES) {
    if (sscanf(line, "%255s %255s %63s", device, path, type) != 3 || strncmp(type, "cgroup", 6) != 0)
      continue;
    strcpy(hierarchies[hierarchy_count].path, path);
    hierarchies[hierarchy_count++].v2 = strcmp(type, "cgroup2") == 0;
  }
  fclose(mounts);
}

/* Returns the path of the container's cgroup in one hierarchy. */
static const char* cgroup_of(size_t index) {
  return path_of("%s/bare-launch-%d", hierarchies[index].path, launcher);
}

static void write_text(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  check(fd, path);
  check((int)write(fd, text, strlen(text)), path);
  close(fd);
}

/* Fills a cpuset of cgroup v1, which takes no process before it has CPUs and memory nodes. */
static void fill_cpuset(size_t index) {
  static const char* const files[] = {"cpuset.cpus", "cpuset.mems"};
  for (size_t i = 0; i < COUNT(files); i++) {
    char value[256] = "";
    int fd = open(path_of("%s/%s", hierarchies[index].path, files[i]), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    check((int)read(fd, value, sizeof value - 1), files[i]);
    close(fd);
    write_text(path_of("%s/%s", cgroup_of(index), files[i]), value);
  }
}

static void make_cgroups(void) {
  for (size_t i = 0; i < hierarchy_count; i++) {
    check(mkdir(cgroup_of(i), 0755), "cgroup");
    if (!hierarchies[i].v2) fill_cpuset(i);
  }
}

static void enter_cgroups(void) {
  for (size_t i = 0; i < hierarchy_count; i++) {
    write_text(path_of("%s/%s", cgroup_of(i), hierarchies[i].v2 ? "cgroup.procs" : "tasks"), "0");
  }
}

static void remove_cgroups(void) {
  for (size_t i = 0; i < hierarchy_count; i++) {
    while (rmdir(cgroup_of(i)) < 0 && errno == EBUSY) usleep(100);
  }
}

/* All paths below are relative to the new root, which is the working directory. */
static void mount_at(const char* type, const char* target, unsigned long flags, const char* data) {
  check(mount(type, target + 1, type, flags, data), target);
}

static void make_device_directory(void) {
  mount_at("tmpfs", "/dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
  for (size_t i = 0; i < COUNT(kDevices); i++) {
    const char* path = path_of("dev/%s", kDevices[i].name);
    check(mknod(path, S_IFCHR | 0666, makedev(kDevices[i].major, kDevices[i].minor)), path);
    check(chmod(path, 0666), path);
  }
  for (size_t i = 0; i < COUNT(kLinks); i++) {
    check(symlink(kLinks[i][0], path_of("dev/%s", kLinks[i][1])), kLinks[i][1]);
  }
  check(mkdir("dev/pts", 0755), "/dev/pts");
  check(mkdir("dev/shm", 0755), "/dev/shm");
  check(mkdir("dev/mqueue", 0755), "/dev/mqueue");
  mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
  mount_at("tmpfs", "/dev/shm", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k");
  mount_at("mqueue", "/dev/mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
}

static void mount_cgroups(void) {
  const unsigned long flags = MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY;
  if (hierarchy_count == 1) {
    mount_at("cgroup2", "/sys/fs/cgroup", flags, NULL);
    return;
  }
  mount_at("tmpfs", "/sys/fs/cgroup", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=755");
  for (size_t i = 0; i < hierarchy_count; i++) {
    const char* target = path_of("sys/fs/cgroup%s", strrchr(hierarchies[i].path, '/'));
    check(mkdir(target, 0755), target);
    check(mount(cgroup_of(i), target, NULL, MS_BIND, NULL), target);
    check(mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | flags, NULL), target);
  }
}

static void mask_paths(void) {
  for (size_t i = 0; i < COUNT(kMasked); i++) {
    struct stat info;
    const char* path = kMasked[i] + 1;
    if (stat(path, &info) < 0) continue;
    if (S_ISDIR(info.st_mode)) {
      check(mount("tmpfs", path, "tmpfs", MS_RDONLY, "size=0k"), path);
    } else {
      check(mount("/dev/null", path, NULL, MS_BIND, NULL), path);
    }
  }
  for (size_t i = 0; i < COUNT(kReadonly); i++) {
    const char* path = kReadonly[i] + 1;
    if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0) continue;
    check(mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL),
          path);
  }
}

static void drop_capabilities(void) {
  /* Keeps what Podman keeps: 11 capabilities. */
  const uint64_t keep = 0x800405fbull;
  for (int capability = 0; capability <= 40; capability++) {
    if (((keep >> capability) & 1) == 0) (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
}

static void run_child(const char* command) {
  enter_cgroups();
  check(unshare(CLONE_NEWCGROUP), "cgroup namespace");
  check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "/");
  const char* merged = path_of("%s/merged", workdir);
  /* Volatile, as for a container that is removed at its end: unmounting does not sync the file system. */
  const char* options =
      path_of("lowerdir=%s,upperdir=%s/upper,workdir=%s/work,volatile", rootfs, workdir, workdir);
  check(mount("overlay", merged, "overlay", 0, options), "overlay");
  check(chdir(merged), merged);
  mount_at("proc", "/proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
  make_device_directory();
  mount_at("sysfs", "/sys", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL);
  mount_cgroups();
  mask_paths();
  check((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
  check(umount2(".", MNT_DETACH), "umount");
  check(chdir("/"), "/");
  check(sethostname("bare", 4), "hostname");
  umask(022);
  drop_capabilities();
  char* const arguments[] = {(char*)command, NULL};
  char* const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
  execve(command, arguments, environment);
  die(command);
}

static void make_directories(void) {
  static const char* const names[] = {"", "/upper", "/work", "/merged"};
  for (size_t i = 0; i < COUNT(names); i++) {
    check(mkdir(path_of("%s%s", workdir, names[i]), 0700), "work directory");
  }
}

static void remove_directories(void) {
  /* The overlay leaves work/work behind, with the mark of a volatile mount in it. */
  static const char* const names[] = {"/work/work/incompat/volatile/dirty",
                                      "/work/work/incompat/volatile",
                                      "/work/work/incompat",
                                      "/work/work",
                                      "/work",
                                      "/upper",
                                      "/merged",
                                      ""};
  for (size_t i = 0; i < COUNT(names); i++) {
    check(remove(path_of("%s%s", workdir, names[i])), "work directory");
  }
}

static void launch(const char* command) {
  make_directories();
  make_cgroups();
  struct clone_args args = {
      .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS,
      .exit_signal = SIGCHLD,
  };
  pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  check(child, "clone3");
  if (child == 0) run_child(command);
  int status;
  check(waitpid(child, &status, 0), "waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fprintf(stderr, "bare-launch: the command failed\n");
    exit(1);
  }
  remove_cgroups();
  remove_directories();
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: bare-launch ROOTFS WORKDIR COMMAND\n");
    return 2;
  }
  rootfs = argv[1];
  workdir = argv[2];
  launcher = (int)getpid();
  find_hierarchies();
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    launch(argv[3]);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%lld\n", (end.tv_sec - begin.tv_sec) * 1000000000ll + (end.tv_nsec - begin.tv_nsec));
    fflush(stdout);
  }
  return 0;
}
