#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ucb::host {

// What tells whether a file or a folder is the one that was looked at, and as it was.
struct Identity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  std::uint64_t size = 0;
  std::uint64_t modified = 0;  // nanoseconds, like the next
  std::uint64_t changed = 0;

  bool operator==(const Identity&) const = default;
};

// The scripts that an interpreter has looked at, by path.
class KnownScripts {
 public:
  static constexpr std::size_t kMost = 1000;

  struct Script {
    std::uint64_t hash = 0;
    char* path = nullptr;
    Identity file;
    Identity folder;
    long modules = 0;
    long index = 0;
    // Whatever they mean to who remembers it.
    int use = 0;
    void* assignments = nullptr;
  };

  // Forgets what it knew of the path. False, with nothing changed, where there is no more room or memory.
  bool Remember(std::string_view path, Script script);
  void Clear();
  // The script opened as `descriptor`; null if it is not known, or may have changed since, or so many modules are not
  // what was loaded then.
  const Script* Find(std::string_view path, int descriptor, long modules) const;

 private:
  Script* Place(std::string_view path, std::uint64_t hash);

  std::size_t count_ = 0;
  std::array<Script, kMost> scripts_;
};

}  // namespace ucb::host
