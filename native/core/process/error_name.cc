#include "core/process/error_name.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace ucb {
namespace {

struct Name {
  int number;
  std::string_view name;
};

// What the calls of a launcher can fail with. The C library's own names came only with glibc 2.32.
constexpr auto kErrors = std::to_array<Name>({
    {E2BIG, "E2BIG"},         {EACCES, "EACCES"},
    {EAGAIN, "EAGAIN"},       {EBADF, "EBADF"},
    {EBUSY, "EBUSY"},         {ECANCELED, "ECANCELED"},
    {ECHILD, "ECHILD"},       {EDQUOT, "EDQUOT"},
    {EEXIST, "EEXIST"},       {EFAULT, "EFAULT"},
    {EFBIG, "EFBIG"},         {EINTR, "EINTR"},
    {EINVAL, "EINVAL"},       {EIO, "EIO"},
    {EISDIR, "EISDIR"},       {ELIBBAD, "ELIBBAD"},
    {ELOOP, "ELOOP"},         {EMFILE, "EMFILE"},
    {EMLINK, "EMLINK"},       {ENAMETOOLONG, "ENAMETOOLONG"},
    {ENFILE, "ENFILE"},       {ENODEV, "ENODEV"},
    {ENOENT, "ENOENT"},       {ENOEXEC, "ENOEXEC"},
    {ENOLCK, "ENOLCK"},       {ENOMEM, "ENOMEM"},
    {ENOSPC, "ENOSPC"},       {ENOSYS, "ENOSYS"},
    {ENOTDIR, "ENOTDIR"},     {ENOTSUP, "ENOTSUP"},
    {ENXIO, "ENXIO"},         {EOVERFLOW, "EOVERFLOW"},
    {EPERM, "EPERM"},         {EPIPE, "EPIPE"},
    {EROFS, "EROFS"},         {ESPIPE, "ESPIPE"},
    {ESRCH, "ESRCH"},         {ESTALE, "ESTALE"},
    {ETIMEDOUT, "ETIMEDOUT"}, {ETXTBSY, "ETXTBSY"},
    {EXDEV, "EXDEV"},
});

}  // namespace

std::string ErrorName(int error_number) {
  const auto* const found =
      std::find_if(kErrors.begin(), kErrors.end(), [&](const Name& name) { return name.number == error_number; });
  return found == kErrors.end() ? "errno " + std::to_string(error_number) : std::string(found->name);
}

}  // namespace ucb
