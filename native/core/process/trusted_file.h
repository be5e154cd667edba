#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace ucb {

// A file that nobody but root and this user may change, as it was found when it was configured.
struct TrustedFile {
  std::string path;           // absolute, with links resolved
  std::vector<gid_t> groups;  // those that have no other members, and so may write
  bool passed = false;        // whether the child finds it opened, as what was checked, at kScriptDescriptor
};

constexpr int kScriptDescriptor = 3;

// Whether that still holds for the file and each folder above it: none is a link by now, belongs to somebody else, or
// can be written to by others, but for sticky folders. The error has a message, and the component as its path.
Status CheckTrusted(const TrustedFile& file);

// The same, and what was checked, opened to be read, above kScriptDescriptor.
Result<UniqueFd> OpenTrusted(const TrustedFile& file);

}  // namespace ucb
