#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "addon/launcher_handle.h"
#include "addon/script_error.h"
#include "addon/script_value.h"

// What the functions of a launcher are called with, read and checked.
namespace ucb::addon {

inline constexpr napi_type_tag kLauncherTag{0x8f1c0d6a2b9e4713, 0xa5d7e0349c6b12f8};
inline constexpr double kLargestInteger = 9007199254740991;
inline constexpr double kMostNice = 19;
inline constexpr double kMostStrings = 1 << 24;

inline bool IsLimit(double number) {
  return number >= -1 && number <= kLargestInteger && number == std::trunc(number);
}

// Takes the strings of launcherLaunch apart. False if they are not what they should be.
inline bool Unpack(const std::string& strings, std::size_t arguments, std::size_t variables, LaunchRequest& request) {
  std::size_t at = 0;
  // What the next `count` strings take, with their NULs.
  const auto next = [&](std::size_t count) {
    const std::size_t from = at;
    for (; count > 0; --count) {
      const std::size_t end = strings.find('\0', at);
      if (end == std::string::npos) return std::string();
      at = end + 1;
    }
    return strings.substr(from, at - from);
  };
  const auto next_path = [&] {
    std::string path = next(1);
    if (!path.empty()) path.pop_back();
    return path;
  };
  request.file = next_path();
  request.cwd = next_path();
  const std::string output = next_path();
  request.argv = StringList::Packed(next(arguments));
  request.env = StringList::Packed(next(variables));
  if (!output.empty()) request.output = output;
  const bool complete = at == strings.size() && !request.argv.empty() && (variables == 0 || !request.env.empty());
  return complete && request.file.starts_with('/') && request.cwd.starts_with('/') &&
         (output.empty() || output.front() == '/');
}

// The arguments of one call. Anything that is wrong with them leaves an exception pending.
template <std::size_t kCount>
class LauncherCall {
 public:
  LauncherCall(napi_env env, napi_callback_info info) : env_(env) {
    std::size_t count = kCount;
    napi_get_cb_info(env, info, &count, values_.data(), nullptr, nullptr);
  }

  napi_env env() const { return env_; }
  napi_value operator[](std::size_t index) const { return values_[index]; }

  // The launcher that is the first argument, or null.
  LauncherHandle* Handle() const {
    bool is_launcher = false;
    void* data = nullptr;
    if (IsObject(0) && napi_check_object_type_tag(env_, values_[0], &kLauncherTag, &is_launcher) == napi_ok &&
        is_launcher && napi_unwrap(env_, values_[0], &data) == napi_ok) {
      return static_cast<std::shared_ptr<LauncherHandle>*>(data)->get();
    }
    Wrong("the first argument is not a launcher");
    return nullptr;
  }

  LauncherHandle* OpenHandle() const {
    LauncherHandle* const handle = Handle();
    if (handle == nullptr || !handle->closed()) return handle;
    ThrowError(env_, "ERR_UCB_CLOSED", "the launcher was closed");
    return nullptr;
  }

  bool IsObject(std::size_t index) const {
    napi_valuetype type = napi_undefined;
    return napi_typeof(env_, values_[index], &type) == napi_ok && type == napi_object;
  }

  bool Integer(std::size_t index, const char* name, double least, double most, double& number) const {
    if (ReadInteger(env_, values_[index], least, most, number)) return true;
    Wrong(std::string(name) + " must be a whole number in its range");
    return false;
  }

  bool Object(std::size_t index, const char* name) const {
    if (IsObject(index)) return true;
    Wrong(std::string(name) + " must be an object");
    return false;
  }

  bool Text(std::size_t index, const char* name, std::string& text) const {
    if (ReadString(env_, values_[index], text)) return true;
    Wrong(std::string(name) + " must be a string");
    return false;
  }

  bool Flag(std::size_t index, const char* name, bool& flag) const {
    if (napi_get_value_bool(env_, values_[index], &flag) == napi_ok) return true;
    Wrong(std::string(name) + " must be true or false");
    return false;
  }

  bool BytesOrNull(std::size_t index, const char* name, std::optional<std::string>& bytes) const {
    if (ReadBytesOrNull(env_, values_[index], bytes)) return true;
    Wrong(std::string(name) + " must be a Uint8Array or null");
    return false;
  }

  bool Span(std::size_t index, const char* name, Milliseconds& span) const {
    double number = 0;
    if (ReadNumber(env_, values_[index], 0, std::numeric_limits<double>::max(), number)) {
      span = Milliseconds(number);
      return true;
    }
    Wrong(std::string(name) + " must be a number of milliseconds, not negative");
    return false;
  }

  // At `index` the paths, arguments and variables of a program, and behind it how many of the latter two there are.
  bool Program(std::size_t index, LaunchRequest& request) const {
    std::string strings;
    double arguments = 0;
    double variables = 0;
    if (!Text(index, "strings", strings) || !Integer(index + 1, "argumentCount", 1, kMostStrings, arguments) ||
        !Integer(index + 2, "variableCount", 0, kMostStrings, variables)) {
      return false;
    }
    if (Unpack(strings, static_cast<std::size_t>(arguments), static_cast<std::size_t>(variables), request)) return true;
    Wrong("strings must be paths, arguments and variables, as many as said, each followed by a NUL");
    return false;
  }

  // Null for none, or [nice, memory, files, fileSize], where -1 is no limit.
  bool LimitsOrNull(std::size_t index, ProcessLimits& limits) const {
    napi_valuetype type = napi_undefined;
    if (napi_typeof(env_, values_[index], &type) == napi_ok && type == napi_null) return true;
    bool is_array = false;
    napi_typedarray_type elements = napi_int8_array;
    std::size_t length = 0;
    void* data = nullptr;
    if (napi_is_typedarray(env_, values_[index], &is_array) == napi_ok && is_array &&
        napi_get_typedarray_info(env_, values_[index], &elements, &length, &data, nullptr, nullptr) == napi_ok &&
        elements == napi_float64_array && length == 4) {
      const std::span<const double> numbers(static_cast<const double*>(data), length);
      if (std::ranges::all_of(numbers, IsLimit) && numbers[0] >= 0 && numbers[0] <= kMostNice) {
        limits.nice = static_cast<int>(numbers[0]);
        const std::array places = {&limits.memory, &limits.files, &limits.file_size};
        for (std::size_t at = 0; at < places.size(); ++at) {
          if (numbers[at + 1] >= 0) *places[at] = static_cast<std::uint64_t>(numbers[at + 1]);
        }
        return true;
      }
    }
    Wrong("limits must be a Float64Array of four whole numbers in their ranges, or null");
    return false;
  }

  // Null, or the path of a file and the numbers of groups, all with a NUL between; behind a colon if the child is to
  // find it opened.
  bool ScriptOrNull(std::size_t index, std::optional<TrustedFile>& script) const {
    napi_valuetype type = napi_undefined;
    if (napi_typeof(env_, values_[index], &type) == napi_ok && type == napi_null) return true;
    std::string text;
    const bool isText = ReadString(env_, values_[index], text);
    const bool passed = text.starts_with(':');
    if (passed) text.erase(0, 1);
    if (!isText || !text.starts_with('/') || text.size() < 2) {
      Wrong("script must be a path with groups behind it, or null");
      return false;
    }
    script.emplace();
    script->passed = passed;
    std::size_t at = std::min(text.find('\0'), text.size());
    script->path = text.substr(0, at);
    while (at < text.size()) {
      const char* const begin = text.data() + at + 1;
      gid_t group = 0;
      const auto [end, error] = std::from_chars(begin, text.data() + text.size(), group);
      if (error != std::errc() || (*end != '\0')) {
        Wrong("script has something behind its path that is no group");
        return false;
      }
      script->groups.push_back(group);
      at = static_cast<std::size_t>(end - text.data());
    }
    return true;
  }

  bool Ticket(std::uint64_t& ticket) const {
    double number = 0;
    if (!Integer(1, "ticket", 0, kLargestInteger, number)) return false;
    ticket = static_cast<std::uint64_t>(number);
    return true;
  }

  bool Good(const Fields& fields) const {
    if (fields.wrong() == nullptr) return true;
    // What a getter of the object has thrown goes first.
    Wrong(std::string(fields.wrong()) + " is missing or not what it must be");
    return false;
  }

  void Wrong(const std::string& message) const { ThrowError(env_, "ERR_UCB_ARGUMENT", message); }

  napi_value Boolean(bool value) const {
    napi_value result = nullptr;
    napi_get_boolean(env_, value, &result);
    return result;
  }

 private:
  const napi_env env_;
  std::array<napi_value, kCount> values_{};
};

}  // namespace ucb::addon
