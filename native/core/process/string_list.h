#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ucb {

// Strings for execve, one allocation for all of them: each followed by a NUL.
class StringList {
 public:
  StringList() = default;
  StringList(std::initializer_list<std::string_view> strings) {
    for (const std::string_view string : strings) Add(string);
  }
  // Takes strings that are already packed; every one of them, the last included, must be followed by its NUL.
  static StringList Packed(std::string bytes) {
    StringList list;
    list.bytes_ = std::move(bytes);
    return list;
  }

  // `string` must not contain a NUL.
  void Add(std::string_view string) {
    bytes_.append(string);
    bytes_.push_back('\0');
  }

  std::size_t Count() const { return static_cast<std::size_t>(std::count(bytes_.begin(), bytes_.end(), '\0')); }
  // All strings, each followed by its NUL.
  const std::string& bytes() const { return bytes_; }

  bool empty() const { return bytes_.empty(); }
  std::string_view front() const { return bytes_.c_str(); }

  // Appends a pointer to every string, without the null pointer execve wants at the end. They live as long as the
  // list is not touched.
  void AppendPointers(std::vector<char*>& pointers) {
    for (std::size_t at = 0; at < bytes_.size(); at = bytes_.find('\0', at) + 1) pointers.push_back(&bytes_[at]);
  }

 private:
  std::string bytes_;
};

}  // namespace ucb
