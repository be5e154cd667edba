#include "host/known_scripts.h"

#include <sys/stat.h>

#include <climits>
#include <cstdlib>
#include <cstring>

namespace ucb::host {
namespace {

std::uint64_t HashOf(std::string_view text) {
  // FNV-1a.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char character : text) hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001b3;
  return hash;
}

std::uint64_t Nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

Identity IdentityOf(const struct stat& status) {
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), Nanoseconds(status.st_mtim),
          Nanoseconds(status.st_ctim)};
}

bool IsFolderOf(std::string_view path, const Identity& identity) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash >= PATH_MAX) return false;
  char folder[PATH_MAX];
  const std::size_t length = slash == 0 ? 1 : slash;
  std::memcpy(folder, path.data(), length);
  folder[length] = '\0';
  struct stat status {};
  return stat(folder, &status) == 0 && IdentityOf(status) == identity;
}

}  // namespace

bool KnownScripts::Remember(std::string_view path, Script script) {
  script.hash = HashOf(path);
  Script* place = Place(path, script.hash);
  if (place == nullptr) {
    if (count_ == kMost) return false;
    script.path = strndup(path.data(), path.size());
    if (script.path == nullptr) return false;
    place = &scripts_[count_++];
  } else {
    script.path = place->path;
  }
  *place = script;
  return true;
}

void KnownScripts::Clear() {
  while (count_ > 0) std::free(scripts_[--count_].path);
}

const KnownScripts::Script* KnownScripts::Find(std::string_view path, int descriptor, long modules) const {
  const Script* script = const_cast<KnownScripts*>(this)->Place(path, HashOf(path));
  if (script == nullptr || script->modules != modules || !IsFolderOf(path, script->folder)) return nullptr;
  struct stat status {};
  return fstat(descriptor, &status) == 0 && IdentityOf(status) == script->file ? script : nullptr;
}

KnownScripts::Script* KnownScripts::Place(std::string_view path, std::uint64_t hash) {
  for (std::size_t index = 0; index < count_; index++) {
    if (scripts_[index].hash == hash && path == scripts_[index].path) return &scripts_[index];
  }
  return nullptr;
}

}  // namespace ucb::host
