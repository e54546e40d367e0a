// Converts values from and to JavaScript. Arguments were checked in TypeScript: a wrong one here is a bug of
// ours and ends the process.
#pragma once

#include <napi.h>

#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod::addon {

/** Ends the process with a message if a condition that must hold does not. */
inline void check(bool holds, const char* words) {
  if (!holds) napi_fatal_error("tspod", NAPI_AUTO_LENGTH, words, NAPI_AUTO_LENGTH);
}

int32_t int_at(const Napi::CallbackInfo& info, size_t index);
uint32_t uint_at(const Napi::CallbackInfo& info, size_t index);
bool bool_at(const Napi::CallbackInfo& info, size_t index);
std::string string_at(const Napi::CallbackInfo& info, size_t index);
/** Returns the elements of an array; ECANCELED if the environment ends and they cannot be read any more. */
Result<std::vector<Napi::Value>> elements_of(Napi::Value array);
Result<std::vector<std::string>> strings_at(const Napi::CallbackInfo& info, size_t index);
Result<std::vector<int>> ints_at(const Napi::CallbackInfo& info, size_t index);
/** Returns a view of the bytes, valid only during the call. */
std::span<uint8_t> bytes_at(const Napi::CallbackInfo& info, size_t index);

/** Returns the object that stands for a failure; TypeScript throws it as a NativeError. */
Napi::Value failure(Napi::Env env, const Error& error);

inline Napi::Value to_js(Napi::Env env, int32_t value) {
  return Napi::Number::New(env, value);
}
inline Napi::Value to_js(Napi::Env env, bool value) {
  return Napi::Boolean::New(env, value);
}
inline Napi::Value to_js(Napi::Env env, const std::string& value) {
  return Napi::String::New(env, value);
}
/** Returns the descriptor's number: JavaScript owns it from here on. */
inline Napi::Value to_js(Napi::Env env, UniqueFd& value) {
  return Napi::Number::New(env, value.release());
}
Napi::Value to_js(Napi::Env env, const std::vector<uint8_t>& value);
Napi::Value to_js(Napi::Env env, const std::vector<std::string>& values);

template <class T> Napi::Value to_js(Napi::Env env, Result<T>&& result) {
  if (!result) return failure(env, result.error());
  if constexpr (std::is_void_v<T>) {
    return env.Undefined();
  } else {
    return to_js(env, *result);
  }
}

template <class T> Napi::Value answer(const Napi::CallbackInfo& info, Result<T> result) {
  return to_js(info.Env(), std::move(result));
}

}  // namespace tspod::addon
