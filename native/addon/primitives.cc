// Small functions that Node.js has as well, but in modules that take milliseconds to load: too long for a
// command that takes tens.
#include <sys/random.h>

#include <ctime>

#include "addon/environment.h"
#include "addon/exports.h"

namespace tspod::addon {
namespace {

/** (into): at most 256 bytes, which getrandom(2) returns in full */
Napi::Value fill_random(const Napi::CallbackInfo& info) {
  std::span<uint8_t> into = bytes_at(info, 0);
  ssize_t count = 0;
  do {
    count = ::getrandom(into.data(), into.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return failure(info.Env(), last_error("getrandom"));
  check(static_cast<size_t>(count) == into.size(), "getrandom gave less than was asked for");
  return info.Env().Undefined();
}

/** (bytes): the 64-bit FNV-1a hash */
Napi::Value fingerprint(const Napi::CallbackInfo& info) {
  uint64_t hash = 0xcbf29ce484222325;
  for (uint8_t byte : bytes_at(info, 0)) hash = (hash ^ byte) * 0x100000001b3;
  return Napi::BigInt::New(info.Env(), hash);
}

/** Returns the time in microseconds since 1970. */
Napi::Value real_time_us(const Napi::CallbackInfo& info) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const int64_t microseconds = now.tv_sec * 1'000'000 + now.tv_nsec / 1000;
  return Napi::Number::New(info.Env(), static_cast<double>(microseconds));
}

}  // namespace

void export_primitives(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "fillRandom", fill_random);
  add_function(env, exports, "fingerprint", fingerprint);
  add_function(env, exports, "realTimeUs", real_time_us);
}

}  // namespace tspod::addon
