// Zstandard for versions of Node.js that lack it, with the host's libzstd, loaded when it is first needed.
#include <dlfcn.h>

#include <array>
#include <memory>
#include <mutex>

#include "addon/environment.h"
#include "addon/exports.h"

namespace tspod::addon {
namespace {

/** Structures as libzstd declares them (zstd.h), in its stable interface. */
struct ZstdInput {
  const void* bytes;
  size_t size;
  size_t position;
};
struct ZstdOutput {
  void* bytes;
  size_t size;
  size_t position;
};

struct ZstdLibrary {
  void* (*create)();
  size_t (*release)(void* stream);
  size_t (*decompress)(void* stream, ZstdOutput* output, ZstdInput* input);
  unsigned (*is_error)(size_t code);
  const char* (*error_name)(size_t code);
};

template <class Function> bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  return function != nullptr;
}

/** Returns the functions; ENOENT (with the linker's words) if libzstd.so.1 is not installed. */
Result<const ZstdLibrary*> zstd_library() {
  static std::mutex mutex;
  static ZstdLibrary functions;
  static bool loaded = false;
  std::lock_guard hold(mutex);
  if (loaded) return &functions;
  // Never closed, so that the functions stay valid.
  void* library = ::dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr || !find(library, "ZSTD_createDStream", functions.create) ||
      !find(library, "ZSTD_freeDStream", functions.release) ||
      !find(library, "ZSTD_decompressStream", functions.decompress) ||
      !find(library, "ZSTD_isError", functions.is_error) ||
      !find(library, "ZSTD_getErrorName", functions.error_name))
    return Error{"dlopen", ::dlerror(), ENOENT};
  loaded = true;
  return &functions;
}

/** Shared with the thread that uses it: JavaScript may have dropped it by then. */
using Stream = std::shared_ptr<void>;

/** Decompresses a piece. Holds both buffers, which are used in place. */
class ZstdTask final : public Task {
 public:
  ZstdTask(const Napi::CallbackInfo& info, const ZstdLibrary& library, Stream stream)
      : Task(info.Env()), library_(library), stream_(std::move(stream)) {
    const std::span<uint8_t> input = bytes_at(info, 1);
    const std::span<uint8_t> output = bytes_at(info, 2);
    input_ = {input.data(), input.size(), 0};
    output_ = {output.data(), output.size(), 0};
    for (size_t i = 0; i < held_.size(); i++) held_[i] = Napi::Persistent(info[i + 1].As<Napi::Object>());
  }

  /** Decompresses until the input is used up or the output is full. */
  void run() override {
    do {
      wanted_ = library_.decompress(stream_.get(), &output_, &input_);
    } while (library_.is_error(wanted_) == 0 && input_.position < input_.size &&
             output_.position < output_.size);
  }

  /** Returns the number of bytes used, the number of bytes made, and whether a frame is complete. */
  Napi::Value outcome(Napi::Env env) override {
    if (library_.is_error(wanted_) != 0)
      return failure(env, Error{"ZSTD_decompressStream", library_.error_name(wanted_), EBADMSG});
    Napi::Array answer = Napi::Array::New(env, 3);
    answer.Set(uint32_t{0}, static_cast<double>(input_.position));
    answer.Set(uint32_t{1}, static_cast<double>(output_.position));
    answer.Set(uint32_t{2}, Napi::Boolean::New(env, wanted_ == 0));
    return answer;
  }

 private:
  const ZstdLibrary& library_;
  Stream stream_;
  ZstdInput input_{};
  ZstdOutput output_{};
  std::array<Napi::ObjectReference, 2> held_;
  size_t wanted_ = 0;
};

Napi::Value open_zstd(const Napi::CallbackInfo& info) {
  const Result<const ZstdLibrary*> library = zstd_library();
  if (!library) return failure(info.Env(), library.error());
  const ZstdLibrary* functions = *library;
  auto* stream = new Stream(functions->create(), [functions](void* raw) { (void)functions->release(raw); });
  return Napi::External<Stream>::New(info.Env(), stream, [](Napi::Env, Stream* data) { delete data; });
}

/** (stream, input, output); one call at a time */
Napi::Value zstd_decompress(const Napi::CallbackInfo& info) {
  check(info[0].IsExternal(), "a zstd stream was expected");
  const Result<const ZstdLibrary*> library = zstd_library();
  if (!library) return failure(info.Env(), library.error());
  Stream stream = *info[0].As<Napi::External<Stream>>().Data();
  auto task = std::make_unique<ZstdTask>(info, **library, std::move(stream));
  return environment(info).tasks.start(std::move(task)).promise;
}

}  // namespace

void export_zstd(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "openZstd", open_zstd);
  add_function(env, exports, "zstdDecompress", zstd_decompress);
}

}  // namespace tspod::addon
