// Compiles a seccomp profile (encoded by src/native/seccomp.ts) to the kernel's BPF with libseccomp.
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <span>

#include "addon/environment.h"
#include "addon/exports.h"
#include "addon/seccomp_library.h"
#include "core/sys.h"
#include "core/wire.h"

namespace tspod::addon {
namespace {

constexpr int kNoSuchCall = -1;  // __NR_SCMP_ERROR
constexpr uint32_t kMaxComparisons = 64;

constexpr int kOptimize = 8;  // SCMP_FLTATR_CTL_OPTIMIZE
constexpr uint32_t kBinaryTree = 2;
/**
 * Number of names from which on a tree is used. With fewer it saves nothing, and without any rule libseccomp
 * 2.5.3 makes a wrong one.
 */
constexpr size_t kNamesWorthATree = 32;

struct Rule {
  uint32_t action = 0;
  uint32_t architectures = 0;  // a bit for each architecture of the profile
  wire::Strings names;
  std::vector<SeccompComparison> comparisons;
};

class Filter {
 public:
  Filter(const SeccompLibrary& library, uint32_t default_action)
      : library_(&library), handle_(library.init(default_action)) {}
  Filter(Filter&& other) noexcept
      : library_(other.library_), handle_(std::exchange(other.handle_, nullptr)) {}
  Filter& operator=(Filter&&) = delete;
  ~Filter() {
    if (handle_ != nullptr) library_->release(handle_);
  }
  void* get() const { return handle_; }
  /** Gives up ownership after seccomp_merge, which takes the filter over. */
  void forget() { handle_ = nullptr; }

 private:
  const SeccompLibrary* library_;
  void* handle_;
};

Result<void> checked(int result, const char* call, std::string_view about = {}) {
  if (result < 0 && result != -EEXIST) return Error{call, std::string(about), -result};
  return {};
}

Rule read_rule(wire::Reader& reader) {
  Rule rule;
  wire::get(reader, rule.action);
  wire::get(reader, rule.architectures);
  wire::get(reader, rule.names);
  auto count = reader.number<uint32_t>();
  check(count <= kMaxComparisons, "too many comparisons in a seccomp rule");
  for (uint32_t i = 0; i < count; i++) {
    SeccompComparison comparison{};
    comparison.argument = reader.number<uint32_t>();
    comparison.operation = reader.number<int32_t>();
    comparison.value = reader.number<uint64_t>();
    comparison.second_value = reader.number<uint64_t>();
    rule.comparisons.push_back(comparison);
  }
  return rule;
}

/**
 * Whether a rule compares one argument twice. libseccomp takes one comparison per argument, so such a rule
 * becomes one rule for each comparison.
 */
bool compares_an_argument_twice(const Rule& rule) {
  uint32_t seen = 0;
  for (const SeccompComparison& comparison : rule.comparisons) {
    uint32_t bit = 1U << (comparison.argument & 31U);
    if ((seen & bit) != 0) return true;
    seen |= bit;
  }
  return false;
}

Result<void> add_rule(const SeccompLibrary& library, const Filter& filter, const Rule& rule) {
  bool one_by_one = compares_an_argument_twice(rule);
  for (wire::String name : rule.names) {
    int call = library.syscall_resolve_name(name.c_str());
    if (call == kNoSuchCall) continue;  // unknown to this libseccomp: only the default action applies to it
    size_t step = one_by_one ? 1 : rule.comparisons.size();
    size_t index = 0;
    do {
      auto count = static_cast<unsigned>(step);
      int result =
          library.rule_add_array(filter.get(), rule.action, call, count, rule.comparisons.data() + index);
      TRY(checked(result, "seccomp_rule_add", name.view()));
      index += step;
    } while (index < rule.comparisons.size());
  }
  return {};
}

Result<Filter> filter_for(const SeccompLibrary& library, uint32_t default_action, wire::String architecture) {
  Filter filter(library, default_action);
  if (filter.get() == nullptr) return Error{"seccomp_init", "", EINVAL};
  uint32_t token = library.arch_resolve_name(architecture.c_str());
  if (token == 0) return Error{"seccomp_arch_resolve_name", architecture.str(), EINVAL};
  if (token == library.arch_native()) return filter;
  TRY(checked(library.arch_add(filter.get(), token), "seccomp_arch_add", architecture.view()));
  TRY(checked(library.arch_remove(filter.get(), library.arch_native()), "seccomp_arch_remove"));
  return filter;
}

Result<std::vector<uint8_t>> exported_through_file(const SeccompLibrary& library, const Filter& filter) {
  UniqueFd file = TRY(sys::memory_file("seccomp", ""));
  TRY(checked(library.export_bpf(filter.get(), file.get()), "seccomp_export_bpf"));
  struct stat status = TRY(sys::fstat(file.get()));
  std::vector<uint8_t> program(static_cast<size_t>(status.st_size));
  ssize_t count = ::pread(file.get(), program.data(), program.size(), 0);
  if (count != status.st_size) return Error{"pread", "", count < 0 ? errno : EIO};
  return program;
}

Result<std::vector<uint8_t>> exported(const SeccompLibrary& library, const Filter& filter) {
  if (library.export_bpf_mem == nullptr) return exported_through_file(library, filter);
  size_t size = 0;
  TRY(checked(library.export_bpf_mem(filter.get(), nullptr, &size), "seccomp_export_bpf_mem"));
  std::vector<uint8_t> program(size);
  TRY(checked(library.export_bpf_mem(filter.get(), program.data(), &size), "seccomp_export_bpf_mem"));
  program.resize(size);
  return program;
}

/**
 * Makes the filter a tree over the call numbers instead of a list: each call of the container takes a few
 * comparisons, and the kernel, which runs the filter for all call numbers when it is installed, takes a fifth
 * of the time.
 */
void prefer_tree(const SeccompLibrary& library, const Filter& filter, std::span<const Rule> rules) {
  size_t names = 0;
  for (const Rule& rule : rules) {
    for ([[maybe_unused]] const wire::String name : rule.names) ++names;
  }
  // Before version 2.5 libseccomp only makes lists, and refuses this.
  if (names >= kNamesWorthATree) (void)library.attr_set(filter.get(), kOptimize, kBinaryTree);
}

Result<std::vector<uint8_t>> compile(wire::Bytes profile) {
  const SeccompLibrary& library = *TRY(seccomp_library());
  wire::Reader reader(profile);
  auto default_action = reader.number<uint32_t>();
  wire::Strings architectures = reader.strings();
  std::vector<Rule> rules(reader.number<uint32_t>());
  for (Rule& rule : rules) rule = read_rule(reader);
  check(reader.finished() && !architectures.empty(), "malformed seccomp profile");

  // One filter for each architecture, since a rule may be for some of them only; then they are merged.
  std::optional<Filter> all;
  uint32_t bit = 1;
  for (wire::String architecture : architectures) {
    Filter filter = TRY(filter_for(library, default_action, architecture));
    for (const Rule& rule : rules) {
      if ((rule.architectures & bit) != 0) TRY(add_rule(library, filter, rule));
    }
    bit <<= 1;
    if (!all) {
      all.emplace(std::move(filter));
      continue;
    }
    TRY(checked(library.merge(all->get(), filter.get()), "seccomp_merge", architecture.view()));
    filter.forget();
  }
  prefer_tree(library, *all, rules);
  return exported(library, *all);
}

Napi::Value compile_seccomp(const Napi::CallbackInfo& info) {
  return answer(info, compile(bytes_at(info, 0)));
}

}  // namespace

void export_seccomp(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "compileSeccomp", compile_seccomp);
}

}  // namespace tspod::addon
