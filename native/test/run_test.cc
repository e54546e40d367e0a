// Plans without a clone, as the addon runs them: files, trees, failures, teardown.
#include "ops/run.h"

#include <filesystem>
#include <fstream>

#include "core/sys.h"
#include "test/check.h"
#include "test/plan_builder.h"
#include "test/temporary_directory.h"

namespace tspod::test {
namespace {

namespace fs = std::filesystem;
using plan::Op;
using plan::Stage;

constexpr uint32_t kRootSlot = 0;

/** Begins a plan that opens the directory into slot 0. */
PlanBuilder in(const TemporaryDirectory& directory) {
  return PlanBuilder().step(Op::kOpenPath, Stage::kPrepare,
                            Operands().u32(kRootSlot).str(directory.path()).u32(O_PATH | O_DIRECTORY));
}

/** Returns "ok", or "STEP: ERRNO WORDS". */
std::string execute(const PlanBuilder& plan) {
  const std::string text = plan.text();
  const auto done = ops::execute(bytes_of(text));
  if (done) return "ok";
  return std::to_string(done.error().step) + ": " + strerrorname_np(done.error().err) + " " +
         done.error().detail;
}

Operands make_directory(const std::string& path, uint32_t mode) {
  return Operands().u32(kRootSlot).str(path).u32(mode).u32(0).u32(0);
}
Operands make_file(const std::string& path, std::string_view content) {
  return Operands().u32(kRootSlot).str(path).u32(0640).bytes(content);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

uint32_t mode_of(const std::string& path) {
  return sys::fstatat(AT_FDCWD, path.c_str())->st_mode & 07777;
}

TEST("run: directories get their mode whatever the umask is; those there are left alone") {
  TemporaryDirectory directory;
  const mode_t before = ::umask(077);
  CHECK_EQUAL(execute(in(directory).step(Op::kMakeDirectory, Stage::kPrepare, make_directory("a/b", 01777))),
              "ok");
  CHECK_EQUAL(execute(in(directory).step(Op::kMakeDirectory, Stage::kPrepare, make_directory("a/b", 0700))),
              "ok");
  ::umask(before);
  CHECK_EQUAL(mode_of(directory.path("a/b")), 01777U);
}

TEST("run: a file is made, then replaced whole, also where a link is in its place") {
  TemporaryDirectory directory;
  CHECK_EQUAL(execute(in(directory).step(Op::kMakeFile, Stage::kPrepare, make_file("x/f", "one"))), "ok");
  CHECK_EQUAL(content_of(directory.path("x/f")), "one");
  CHECK_EQUAL(execute(in(directory).step(Op::kMakeFile, Stage::kPrepare, make_file("x/f", "two"))), "ok");
  CHECK_EQUAL(content_of(directory.path("x/f")), "two");
  CHECK_EQUAL(mode_of(directory.path("x/f")), 0640U);

  std::ofstream(directory.path("victim")) << "mine";
  fs::create_symlink(directory.path("victim"), directory.path("x/l"));
  CHECK_EQUAL(execute(in(directory).step(Op::kMakeFile, Stage::kPrepare, make_file("x/l", "new"))), "ok");
  CHECK_EQUAL(content_of(directory.path("victim")), "mine");
  CHECK_EQUAL(content_of(directory.path("x/l")), "new");
  CHECK_EQUAL(std::distance(fs::directory_iterator(directory.path("x")), {}), 2);
}

TEST("run: a link is made once; another in its place is an error") {
  TemporaryDirectory directory;
  const auto link = [&](const char* target) {
    return execute(in(directory).step(Op::kMakeSymlink, Stage::kPrepare,
                                      Operands().u32(kRootSlot).str("fd").str(target)));
  };
  CHECK_EQUAL(link("/proc/self/fd"), "ok");
  CHECK_EQUAL(link("/proc/self/fd"), "ok");
  CHECK_EQUAL(link("elsewhere"), "1: EEXIST symlinkat fd");
}

TEST("run: extended attributes") {
  TemporaryDirectory directory;
  const Operands attribute = Operands().u32(kRootSlot).str(".").str("user.tspod").bytes("y");
  const std::string done = execute(in(directory).step(Op::kSetXattr, Stage::kPrepare, attribute));
  CHECK(done == "ok" || done == "1: EOPNOTSUPP fsetxattr user.tspod");
}

TEST("run: a failing step is named by its index, and no later one of prepare runs") {
  TemporaryDirectory directory;
  PlanBuilder plan = in(directory);
  plan.step(Op::kOpenPath, Stage::kPrepare, Operands().u32(1).str("/does/not/exist").u32(0));
  plan.step(Op::kMakeDirectory, Stage::kPrepare, make_directory("later", 0755));
  CHECK_EQUAL(execute(plan), "1: ENOENT openat /does/not/exist");
  CHECK(!fs::exists(directory.path("later")));
}

TEST("run: an optional step that fails is passed over") {
  TemporaryDirectory directory;
  PlanBuilder plan = in(directory);
  plan.step(Op::kOpenPath, Stage::kPrepare, Operands().u32(1).str("/does/not/exist").u32(0),
            /*optional=*/true);
  plan.step(Op::kMakeDirectory, Stage::kPrepare, make_directory("later", 0755));
  CHECK_EQUAL(execute(plan), "ok");
  CHECK(fs::exists(directory.path("later")));
}

TEST("run: teardown goes on after a failure, tells the first, and runs when prepare failed too") {
  TemporaryDirectory directory;
  std::ofstream(directory.path("file")) << "x";
  fs::create_directories(directory.path("tree/a/b"));
  PlanBuilder plan;
  plan.step(Op::kOpenPath, Stage::kPrepare, Operands().u32(1).str("/does/not/exist").u32(0));
  plan.step(Op::kRemoveFile, Stage::kTeardown, Operands().str(directory.path("tree")));
  plan.step(Op::kRemoveFile, Stage::kTeardown, Operands().str(directory.path("file")));
  plan.step(Op::kRemoveTree, Stage::kTeardown, Operands().str(directory.path("tree")));
  CHECK_EQUAL(execute(plan), "0: ENOENT openat /does/not/exist");
  CHECK(fs::is_empty(directory.path()));

  PlanBuilder again;
  again.step(Op::kRemoveFile, Stage::kTeardown, Operands().str(directory.path()));
  again.step(Op::kRemoveFile, Stage::kTeardown, Operands().str(directory.path("file")));
  CHECK_EQUAL(execute(again).substr(0, 9), "0: EISDIR");
}

TEST("run: what tells what there is to undo stays as long as something is left") {
  TemporaryDirectory directory;
  std::ofstream(directory.path("record")) << "x";
  const Operands record = Operands().str(directory.path("record"));
  PlanBuilder failing;
  failing.step(Op::kRemoveFile, Stage::kTeardown, Operands().str(directory.path()));
  failing.step(Op::kRemoveRecord, Stage::kSweep, record);
  CHECK_EQUAL(execute(failing).substr(0, 9), "0: EISDIR");
  CHECK(fs::exists(directory.path("record")));
  CHECK_EQUAL(execute(PlanBuilder().step(Op::kRemoveRecord, Stage::kSweep, record)), "ok");
  CHECK(!fs::exists(directory.path("record")));
}

TEST("run: every removal may be repeated") {
  TemporaryDirectory directory;
  PlanBuilder plan;
  plan.step(Op::kRemoveFile, Stage::kTeardown, Operands().str(directory.path("no/file")));
  plan.step(Op::kRemoveTree, Stage::kTeardown, Operands().str(directory.path("no/tree")));
  plan.step(Op::kCgroupRemove, Stage::kTeardown, Operands().str("/sys/fs/cgroup/memory/tspod-no-such-group"));
  plan.step(Op::kUnmount, Stage::kTeardown, Operands().str(directory.path("no/mount")));
  CHECK_EQUAL(execute(plan), "ok");
}

TEST("run: removing a tree follows no link") {
  TemporaryDirectory directory;
  fs::create_directories(directory.path("kept/inside"));
  fs::create_directories(directory.path("tree"));
  fs::create_symlink(directory.path("kept"), directory.path("tree/link"));
  fs::create_symlink(directory.path("kept"), directory.path("link"));
  PlanBuilder plan;
  plan.step(Op::kRemoveTree, Stage::kTeardown, Operands().str(directory.path("tree")));
  plan.step(Op::kRemoveTree, Stage::kTeardown, Operands().str(directory.path("link")));
  CHECK_EQUAL(execute(plan), "ok");
  CHECK(fs::exists(directory.path("kept/inside")));
  CHECK(!fs::exists(fs::symlink_status(directory.path("link"))));
}

TEST("run: a tree deeper than there are descriptors is removed") {
  TemporaryDirectory directory;
  UniqueFd at = *sys::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY);
  constexpr int kDepth = 5000;
  for (int depth = 0; depth < kDepth; ++depth) {
    CHECK(static_cast<bool>(sys::mkdirat(at.get(), "d", 0755)));
    at = *sys::openat(at.get(), "d", O_RDONLY | O_DIRECTORY);
  }
  CHECK_EQUAL(
      execute(PlanBuilder().step(Op::kRemoveTree, Stage::kTeardown, Operands().str(directory.path("d")))),
      "ok");
  CHECK(fs::is_empty(directory.path()));
}

TEST("run: what only a launch can do is refused without one") {
  CHECK_EQUAL(execute(PlanBuilder().step(Op::kClone, Stage::kPrepare, Operands().u64(0).i32(-1))),
              "0: EOPNOTSUPP clone3");
}

TEST("run: a slot that nothing has filled, or that there is not, is EBADF") {
  const Operands value = Operands().u32(3).str("f").str("v");
  CHECK_EQUAL(execute(PlanBuilder().step(Op::kWriteFileAt, Stage::kPrepare, value)), "0: EBADF slot 3");
  const Operands beyond = Operands().u32(512).str("/").u32(O_PATH);
  CHECK_EQUAL(execute(PlanBuilder().step(Op::kOpenPath, Stage::kPrepare, beyond)), "0: EBADF slot 512");
}

TEST("run: a process that has another start time is not the one that is meant") {
  ops::Procfs proc;
  const auto pid = static_cast<uint32_t>(::getpid());
  const uint64_t start_time = *proc.start_time(::getpid());
  CHECK(start_time > 0);
  const auto open = [&](uint64_t time) {
    return execute(
        PlanBuilder().step(Op::kOpenProcess, Stage::kPrepare, Operands().u32(1).u32(pid).u64(time)));
  };
  CHECK_EQUAL(open(start_time), "ok");
  CHECK_EQUAL(open(0), "ok");
  CHECK_EQUAL(open(start_time + 1), "0: ESRCH pidfd_open " + std::to_string(pid));
}

TEST("run: a sysctl is below /proc/sys and nowhere else") {
  const auto sysctl = [](const char* key) {
    return execute(PlanBuilder().step(Op::kSysctl, Stage::kPrepare, Operands().str(key).str("x")));
  };
  CHECK_EQUAL(sysctl("../self/comm"), "0: EINVAL sysctl ../self/comm");
  CHECK_EQUAL(sysctl("kernel/no_such"), "0: ENOENT openat2 sys/kernel/no_such");
}

TEST("procfs: this process has executed its program; the kernel's threads have not") {
  ops::Procfs proc;
  CHECK(*proc.has_executed(::getpid()));
}

TEST("hook: the state with the pid comes on stdin; a failure tells what the hook said") {
  TemporaryDirectory directory;
  const auto hook = [&](const char* script, uint32_t timeout_ms) {
    const Operands operands = Operands()
                                  .str("/bin/sh")
                                  .strs({"sh", "-c", script})
                                  .strs({"PATH=/bin:/usr/bin", "D=" + directory.path()})
                                  .u32(timeout_ms)
                                  .bytes("{\"pid\":")
                                  .bytes("}");
    return execute(PlanBuilder().step(Op::kHook, Stage::kPrepare, operands));
  };
  CHECK_EQUAL(hook("cat > $D/state", 0), "ok");
  CHECK_EQUAL(content_of(directory.path("state")), "{\"pid\":0}");
  CHECK_EQUAL(hook("echo no good >&2; exit 3", 0), "0: ECHILD hook /bin/sh: exit code 3: no good");
  CHECK_EQUAL(hook("kill -TERM $$", 0), "0: ECHILD hook /bin/sh: killed by signal 15");
  CHECK_EQUAL(hook("sleep 60", 100), "0: ETIMEDOUT hook /bin/sh");
  CHECK_EQUAL(hook("sleep 60 & exit 0", 0), "ok");  // a child that keeps the pipe open does not delay it
  CHECK_EQUAL(hook("head -c 1000000 /dev/zero; exit 0", 5000), "ok");
}

}  // namespace
}  // namespace tspod::test
