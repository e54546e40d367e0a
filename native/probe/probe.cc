// Prints what a process in a container sees and may do: the command that the launch tests run. Static, so
// that it runs in a root file system with nothing else in it.
//
// probe COMMAND [ARGUMENT...] [-- COMMAND [ARGUMENT...]]...
//
// Each command prints lines `name=value`. What the system refuses is printed as `name=!ERRNO`, and is no
// failure of the probe.
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

struct Arguments {
  int count;
  char** items;
  const char* at(int index, const char* otherwise = "") const {
    return index < count ? items[index] : otherwise;
  }
  long number(int index, long otherwise = 0) const {
    return index < count ? std::strtol(items[index], nullptr, 0) : otherwise;
  }
};

void refuse(const char* name) {
  std::printf("%s=!%s\n", name, strerrorname_np(errno));
}

void tell(const char* name, long result) {
  if (result == -1) return refuse(name);
  std::printf("%s=ok\n", name);
}

void ids(const Arguments&) {
  uid_t uid[3];
  gid_t gid[3];
  gid_t groups[256];
  ::getresuid(&uid[0], &uid[1], &uid[2]);
  ::getresgid(&gid[0], &gid[1], &gid[2]);
  std::printf("uid=%u,%u,%u\ngid=%u,%u,%u\n", uid[0], uid[1], uid[2], gid[0], gid[1], gid[2]);
  const int count = ::getgroups(256, groups);
  std::printf("groups=");
  for (int index = 0; index < count; ++index) std::printf("%s%u", index == 0 ? "" : ",", groups[index]);
  std::printf("\n");
}

void processes(const Arguments&) {
  std::printf("pid=%d\nppid=%d\nsid=%d\npgid=%d\n", ::getpid(), ::getppid(), ::getsid(0), ::getpgrp());
}

void directory(const Arguments&) {
  char path[4096];
  if (::getcwd(path, sizeof path) == nullptr) return refuse("cwd");
  std::printf("cwd=%s\n", path);
}

void mask(const Arguments&) {
  const mode_t old = ::umask(0);
  ::umask(old);
  std::printf("umask=%04o\n", old);
}

void names(const Arguments&) {
  utsname name;
  ::uname(&name);
  std::printf("hostname=%s\ndomainname=%s\nmachine=%s\n", name.nodename, name.domainname, name.machine);
}

void limit(const Arguments& arguments) {
  struct rlimit value;
  const long resource = arguments.number(1);
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &value) == -1) return refuse("rlimit");
  std::printf("rlimit%ld=%llu,%llu\n", resource, static_cast<unsigned long long>(value.rlim_cur),
              static_cast<unsigned long long>(value.rlim_max));
}

void cat(const Arguments& arguments) {
  const int file = ::open(arguments.at(1), O_RDONLY | O_CLOEXEC);
  if (file == -1) return refuse(arguments.at(1));
  char part[4096];
  for (ssize_t size; (size = ::read(file, part, sizeof part)) > 0;)
    std::fwrite(part, 1, static_cast<size_t>(size), stdout);
  ::close(file);
}

void write_file(const Arguments& arguments) {
  const int file = ::open(arguments.at(1), O_WRONLY | O_CLOEXEC);
  if (file == -1) return refuse(arguments.at(1));
  tell(arguments.at(1), ::write(file, arguments.at(2), std::strlen(arguments.at(2))));
  ::close(file);
}

void create(const Arguments& arguments) {
  const int file = ::open(arguments.at(1), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  tell(arguments.at(1), file);
  if (file >= 0) ::close(file);
}

char letter_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return 'd';
    case S_IFCHR: return 'c';
    case S_IFBLK: return 'b';
    case S_IFLNK: return 'l';
    case S_IFIFO: return 'p';
    case S_IFSOCK: return 's';
    default: return '-';
  }
}

/** Prints PATH=TYPE MODE UID GID MAJOR:MINOR SIZE. */
void status(const Arguments& arguments) {
  struct stat value;
  if (::lstat(arguments.at(1), &value) == -1) return refuse(arguments.at(1));
  std::printf("%s=%c %04o %u %u %u:%u %lld\n", arguments.at(1), letter_of(value.st_mode),
              value.st_mode & 07777, value.st_uid, value.st_gid, major(value.st_rdev), minor(value.st_rdev),
              static_cast<long long>(value.st_size));
}

void list(const Arguments& arguments) {
  DIR* stream = ::opendir(arguments.at(1, "."));
  if (stream == nullptr) return refuse(arguments.at(1));
  while (const dirent* entry = ::readdir(stream)) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      std::printf("entry=%s\n", entry->d_name);
  }
  ::closedir(stream);
}

void link(const Arguments& arguments) {
  char target[4096];
  const ssize_t size = ::readlink(arguments.at(1), target, sizeof target);
  if (size == -1) return refuse(arguments.at(1));
  std::printf("%s=%.*s\n", arguments.at(1), static_cast<int>(size), target);
}

/** Prints the open descriptors, without using /proc. */
void descriptors(const Arguments&) {
  std::printf("fds=");
  bool first = true;
  for (int fd = 0; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) == -1) continue;
    std::printf("%s%d", first ? "" : ",", fd);
    first = false;
  }
  std::printf("\n");
}

void environment(const Arguments&) {
  for (char** entry = ::environ; *entry != nullptr; ++entry) std::printf("env=%s\n", *entry);
}

void echo(const Arguments& arguments) {
  for (int index = 1; index < arguments.count; ++index) std::printf("arg=%s\n", arguments.at(index));
}

/** Prints what PR_GET_* returns. Capabilities are in /proc/self/status too, but there may be no /proc. */
void security(const Arguments&) {
  std::printf("no_new_privs=%d\nseccomp=%d\ndumpable=%d\npdeathsig=",
              ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), ::prctl(PR_GET_SECCOMP), ::prctl(PR_GET_DUMPABLE));
  int signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &signal);
  std::printf("%d\n", signal);
}

void scheduling(const Arguments&) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  ::sched_getaffinity(0, sizeof cpus, &cpus);
  std::printf("policy=%d\nnice=%d\nioprio=%ld\ncpus=", ::sched_getscheduler(0),
              ::getpriority(PRIO_PROCESS, 0), ::syscall(SYS_ioprio_get, 1, 0));
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &cpus)) std::printf("%d,", cpu);
  }
  std::printf("\npersonality=%x\n", static_cast<unsigned>(::personality(0xffffffff)));
}

void keyring(const Arguments&) {
  char text[256];
  const long size = ::syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof text);
  if (size == -1) return refuse("keyring");
  std::printf("keyring=%s\n", text);
}

void terminal(const Arguments&) {
  winsize size{};
  for (int fd = 0; fd < 3; ++fd) std::printf("tty%d=%d\n", fd, ::isatty(fd));
  if (::ioctl(0, TIOCGWINSZ, &size) == 0) std::printf("size=%d,%d\n", size.ws_row, size.ws_col);
  const int controlling = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  tell("controlling", controlling);
  if (controlling >= 0) {
    std::printf("foreground=%d\n", ::tcgetpgrp(controlling) == ::getpgrp());
    ::close(controlling);
  }
}

void xattr(const Arguments& arguments) {
  char value[256];
  const ssize_t size = ::getxattr(arguments.at(1), arguments.at(2), value, sizeof value);
  if (size == -1) return refuse(arguments.at(2));
  std::printf("%s=%.*s\n", arguments.at(2), static_cast<int>(size), value);
}

void clock_now(const Arguments&) {
  timespec now;
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  std::printf("boottime=%lld\n", static_cast<long long>(now.tv_sec));
}

void signals(const Arguments&) {
  sigset_t blocked;
  ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
  std::printf("blocked=");
  for (int signal = 1; signal < 65; ++signal) {
    if (::sigismember(&blocked, signal) == 1) std::printf("%d,", signal);
  }
  std::printf("\nignored=");
  for (int signal = 1; signal < 65; ++signal) {
    struct sigaction action;
    if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
      std::printf("%d,", signal);
  }
  std::printf("\n");
}

/** Makes a system call by number, with zeros as arguments, to see what a filter does with it. */
void system_call(const Arguments& arguments) {
  tell("syscall", ::syscall(arguments.number(1), 0, 0, 0, 0, 0, 0));
}

void change_mode(const Arguments& arguments) {
  tell(arguments.at(1), ::chmod(arguments.at(1), static_cast<mode_t>(arguments.number(2))));
}

void make_node(const Arguments& arguments) {
  const dev_t device = makedev(arguments.number(2), arguments.number(3));
  tell(arguments.at(1), ::mknod(arguments.at(1), S_IFCHR | 0600, device));
}

void open_file(const Arguments& arguments) {
  const int file = ::open(arguments.at(1), O_RDWR | O_CLOEXEC);
  tell(arguments.at(1), file);
  if (file >= 0) ::close(file);
}

/** Tries to write to the program of another process (CVE-2019-5736). */
void overwrite(const Arguments& arguments) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%s/exe", arguments.at(1));
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  tell("overwrite", file);
  if (file >= 0) ::close(file);
  struct stat status {};
  ::stat(path, &status);
  tell("chmod", ::chmod(path, status.st_mode & 07777));
}

/** Leaves an orphan that ends at once to whoever reaps orphans. */
void orphan(const Arguments&) {
  const pid_t middle = ::fork();
  if (middle == 0) {
    if (::fork() == 0) ::_exit(0);
    ::_exit(0);
  }
  ::waitpid(middle, nullptr, 0);
}

/** Counts the processes in /proc that have ended and are not reaped (state Z). */
void zombies(const Arguments&) {
  int count = 0;
  DIR* stream = ::opendir("/proc");
  while (const dirent* entry = stream == nullptr ? nullptr : ::readdir(stream)) {
    char path[300];
    char text[256] = "";
    std::snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file == -1) continue;
    (void)!::read(file, text, sizeof text - 1);
    ::close(file);
    const char* end = std::strrchr(text, ')');
    if (end != nullptr && end[2] == 'Z') ++count;
  }
  std::printf("zombies=%d\n", count);
}

volatile sig_atomic_t received = 0;

/** Waits for any signal that can be caught, and prints its number. */
void await_signal(const Arguments&) {
  for (int signal = 1; signal < 65; ++signal) ::signal(signal, [](int got) { received = got; });
  std::printf("waiting=ok\n");
  std::fflush(stdout);
  while (received == 0) ::poll(nullptr, 0, 20);
  std::printf("signal=%d\n", static_cast<int>(received));
}

void nap(const Arguments& arguments) {
  std::fflush(stdout);
  ::poll(nullptr, 0, static_cast<int>(arguments.number(1, 1000)));
}

/** Copies stdin to stdout until its end. */
void copy(const Arguments&) {
  std::fflush(stdout);
  char part[4096];
  for (ssize_t size; (size = ::read(0, part, sizeof part)) > 0;)
    (void)!::write(1, part, static_cast<size_t>(size));
}

void write_to(const Arguments& arguments) {
  std::fflush(stdout);
  const char* text = arguments.at(2);
  tell("wrote", ::write(static_cast<int>(arguments.number(1)), text, std::strlen(text)));
}

[[noreturn]] void finish(int code) {
  std::fflush(stdout);
  ::_exit(code);
}

void leave(const Arguments& arguments) {
  finish(static_cast<int>(arguments.number(1)));
}

void signal_self(const Arguments& arguments) {
  std::fflush(stdout);
  ::kill(::getpid(), static_cast<int>(arguments.number(1)));
  // PID 1 of a namespace survives signals that it does not handle.
  finish(0);
}

constexpr struct {
  const char* name;
  void (*run)(const Arguments&);
} kCommands[] = {
    {"ids", ids},
    {"processes", processes},
    {"cwd", directory},
    {"umask", mask},
    {"names", names},
    {"rlimit", limit},
    {"cat", cat},
    {"write", write_file},
    {"create", create},
    {"stat", status},
    {"ls", list},
    {"readlink", link},
    {"fds", descriptors},
    {"env", environment},
    {"echo", echo},
    {"security", security},
    {"sched", scheduling},
    {"keyring", keyring},
    {"tty", terminal},
    {"xattr", xattr},
    {"clock", clock_now},
    {"signals", signals},
    {"syscall", system_call},
    {"chmod", change_mode},
    {"mknod", make_node},
    {"open", open_file},
    {"overwrite", overwrite},
    {"orphan", orphan},
    {"zombies", zombies},
    {"await", await_signal},
    {"sleep", nap},
    {"copy", copy},
    {"print", write_to},
    {"exit", leave},
    {"kill", signal_self},
};

bool run(const Arguments& arguments) {
  for (const auto& command : kCommands) {
    if (std::strcmp(command.name, arguments.at(0)) != 0) continue;
    command.run(arguments);
    return true;
  }
  std::fprintf(stderr, "probe: no command \"%s\"\n", arguments.at(0));
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  for (int begin = 1; begin < argc;) {
    int end = begin;
    while (end < argc && std::strcmp(argv[end], "--") != 0) ++end;
    if (!run({end - begin, argv + begin})) finish(99);
    begin = end + 1;
  }
  finish(0);
}
