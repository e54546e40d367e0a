#include "addon/values.h"

namespace tspod::addon {

int32_t int_at(const Napi::CallbackInfo& info, size_t index) {
  check(info[index].IsNumber(), "a number was expected");
  return info[index].As<Napi::Number>().Int32Value();
}

uint32_t uint_at(const Napi::CallbackInfo& info, size_t index) {
  check(info[index].IsNumber(), "a number was expected");
  return info[index].As<Napi::Number>().Uint32Value();
}

bool bool_at(const Napi::CallbackInfo& info, size_t index) {
  check(info[index].IsBoolean(), "a boolean was expected");
  return info[index].As<Napi::Boolean>().Value();
}

std::string string_at(const Napi::CallbackInfo& info, size_t index) {
  check(info[index].IsString(), "a string was expected");
  return info[index].As<Napi::String>().Utf8Value();
}

Result<std::vector<Napi::Value>> elements_of(Napi::Value array) {
  check(array.IsArray(), "an array was expected");
  // Uses Node-API itself: its C++ wrapper cannot tell a failure from an empty array.
  const Error ends{"napi_get_element", "", ECANCELED};
  uint32_t length = 0;
  if (napi_get_array_length(array.Env(), array, &length) != napi_ok) return ends;
  std::vector<Napi::Value> elements;
  elements.reserve(length);
  for (uint32_t i = 0; i < length; i++) {
    napi_value element = nullptr;
    if (napi_get_element(array.Env(), array, i, &element) != napi_ok) return ends;
    elements.emplace_back(array.Env(), element);
  }
  return elements;
}

Result<std::vector<std::string>> strings_at(const Napi::CallbackInfo& info, size_t index) {
  std::vector<std::string> strings;
  for (Napi::Value value : TRY(elements_of(info[index]))) {
    check(value.IsString(), "an array of strings was expected");
    strings.push_back(value.As<Napi::String>().Utf8Value());
  }
  return strings;
}

Result<std::vector<int>> ints_at(const Napi::CallbackInfo& info, size_t index) {
  std::vector<int> ints;
  for (Napi::Value value : TRY(elements_of(info[index]))) {
    check(value.IsNumber(), "an array of numbers was expected");
    ints.push_back(value.As<Napi::Number>().Int32Value());
  }
  return ints;
}

std::span<uint8_t> bytes_at(const Napi::CallbackInfo& info, size_t index) {
  check(info[index].IsTypedArray(), "bytes were expected");
  auto array = info[index].As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

Napi::Value failure(Napi::Env env, const Error& error) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("errno", error.err);
  object.Set("syscall", error.op);
  if (!error.arg.empty()) object.Set("path", error.arg);
  return object;
}

Napi::Value to_js(Napi::Env env, const std::vector<uint8_t>& value) {
  return Napi::Buffer<uint8_t>::Copy(env, value.data(), value.size());
}

Napi::Value to_js(Napi::Env env, const std::vector<std::string>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); i++) array.Set(i, values[i]);
  return array;
}

}  // namespace tspod::addon
