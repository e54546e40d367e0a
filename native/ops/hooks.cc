// Runs OCI hooks (programs of the administrator that are run at points of a container's life, with its state
// on stdin) and other programs of the host, which have nothing to read.
#include "core/sys.h"
#include "ops/handlers.gen.h"
#include "ops/program.h"

namespace tspod::ops {
namespace {

std::string_view text_of(wire::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/**
 * Returns the container's pid as seen from outside; in the container's first process it is read from procfs.
 */
Result<std::string> container_pid(Context& context) {
  if (context.stage != plan::Stage::kInit) return std::to_string(context.child);
  const UniqueFd proc = TRY(context.proc.open_file(".", O_PATH | O_DIRECTORY));
  return sys::readlinkat(proc.get(), "self");
}

}  // namespace

Result<void> hook(Context& context, const plan::Hook& step) {
  std::string state(text_of(step.state_before));
  state += TRY(container_pid(context));
  state += text_of(step.state_after);
  // A file in memory instead of a pipe: a hook that does not read its stdin holds nobody up.
  const UniqueFd input = TRY(sys::memory_file("state", state));
  return run_program({.kind = "hook", .path = step.path, .args = step.args, .env = step.env}, input.get(),
                     step.timeout_ms);
}

Result<void> run_program(Context&, const plan::RunProgram& step) {
  const UniqueFd input = TRY(sys::openat(AT_FDCWD, "/dev/null", O_RDONLY));
  return run_program({.kind = "run", .path = step.path, .args = step.args, .env = step.env}, input.get(),
                     step.timeout_ms);
}

}  // namespace tspod::ops
