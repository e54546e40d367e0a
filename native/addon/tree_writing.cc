// Writes trees for JavaScript: the instructions and the buffers that they refer to are processed on a thread.
#include <array>
#include <memory>

#include "addon/environment.h"
#include "addon/exports.h"
#include "addon/tree_writer.h"
#include "core/sys.h"

namespace tspod::addon {
namespace {

/** Shared with the thread that uses it: JavaScript may have dropped it by then. */
using Writer = std::shared_ptr<TreeWriter>;

Writer writer_at(const Napi::CallbackInfo& info, size_t index) {
  check(info[index].IsExternal(), "a tree writer was expected");
  return *info[index].As<Napi::External<Writer>>().Data();
}

wire::Bytes buffer_of(Napi::Value value) {
  check(value.IsArrayBuffer(), "array buffers were expected");
  auto buffer = value.As<Napi::ArrayBuffer>();
  return {static_cast<const uint8_t*>(buffer.Data()), buffer.ByteLength()};
}

/** Applies instructions. Holds the buffers, which are read in place. */
class WriteTask final : public Task {
 public:
  WriteTask(const Napi::CallbackInfo& info, Writer writer) : Task(info.Env()), writer_(std::move(writer)) {
    const std::span<uint8_t> instructions = bytes_at(info, 1);
    instructions_ = instructions;
    for (size_t i = 0; i < held_.size(); i++) held_[i] = Napi::Persistent(info[i + 1].As<Napi::Object>());
    const Result<std::vector<Napi::Value>> buffers = elements_of(info[2]);
    if (!buffers) return;  // instructions for data then fail, unnoticed
    for (const Napi::Value& buffer : *buffers) data_.push_back(buffer_of(buffer));
  }

  void run() override { result_ = writer_->apply(instructions_, data_); }
  Napi::Value outcome(Napi::Env env) override { return to_js(env, std::move(result_)); }

 private:
  Writer writer_;
  wire::Bytes instructions_;
  std::vector<wire::Bytes> data_;
  std::array<Napi::ObjectReference, 2> held_;
  Result<void> result_;
};

/** (root directory, maximum number of directories, maximum length of their paths) */
Napi::Value open_tree_writer(const Napi::CallbackInfo& info) {
  Result<UniqueFd> own = sys::dup_from(int_at(info, 0), 3);
  if (!own) return failure(info.Env(), own.error());
  const TreeLimits limits{.directories = uint_at(info, 1), .path_bytes = uint_at(info, 2)};
  auto* writer = new Writer(std::make_shared<TreeWriter>(std::move(*own), limits));
  return Napi::External<Writer>::New(info.Env(), writer, [](Napi::Env, Writer* data) { delete data; });
}

/** (writer, instructions, array buffers); one call at a time */
Napi::Value write_tree(const Napi::CallbackInfo& info) {
  auto task = std::make_unique<WriteTask>(info, writer_at(info, 0));
  return environment(info).tasks.start(std::move(task)).promise;
}

/** (writer): returns the directories that were made without an entry */
Napi::Value finish_tree(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), [writer = writer_at(info, 0)]() -> Result<std::vector<uint8_t>> {
    TRY(writer->finish());
    const std::string& implied = writer->implied();
    return std::vector<uint8_t>(implied.begin(), implied.end());
  });
}

}  // namespace

void export_tree_writing(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "openTreeWriter", open_tree_writer);
  add_function(env, exports, "writeTree", write_tree);
  add_function(env, exports, "finishTree", finish_tree);
}

}  // namespace tspod::addon
