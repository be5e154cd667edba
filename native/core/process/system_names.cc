#include "core/process/system_names.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
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

constexpr auto kSignals = std::to_array<Name>({
    {SIGABRT, "SIGABRT"},     {SIGALRM, "SIGALRM"}, {SIGBUS, "SIGBUS"},   {SIGCHLD, "SIGCHLD"},
    {SIGCONT, "SIGCONT"},     {SIGFPE, "SIGFPE"},   {SIGHUP, "SIGHUP"},   {SIGILL, "SIGILL"},
    {SIGINT, "SIGINT"},       {SIGIO, "SIGIO"},     {SIGKILL, "SIGKILL"}, {SIGPIPE, "SIGPIPE"},
    {SIGPROF, "SIGPROF"},     {SIGPWR, "SIGPWR"},   {SIGQUIT, "SIGQUIT"}, {SIGSEGV, "SIGSEGV"},
    {SIGSTKFLT, "SIGSTKFLT"}, {SIGSTOP, "SIGSTOP"}, {SIGSYS, "SIGSYS"},   {SIGTERM, "SIGTERM"},
    {SIGTRAP, "SIGTRAP"},     {SIGTSTP, "SIGTSTP"}, {SIGTTIN, "SIGTTIN"}, {SIGTTOU, "SIGTTOU"},
    {SIGURG, "SIGURG"},       {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"}, {SIGVTALRM, "SIGVTALRM"},
    {SIGWINCH, "SIGWINCH"},   {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
});

template <typename Names>
std::string Find(const Names& names, int number, std::string_view otherwise) {
  const auto* const found =
      std::find_if(names.begin(), names.end(), [&](const Name& name) { return name.number == number; });
  return found == names.end() ? std::string(otherwise) + ' ' + std::to_string(number) : std::string(found->name);
}

}  // namespace

std::string ErrorName(int error_number) {
  return Find(kErrors, error_number, "errno");
}

std::string SignalName(int signal) {
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) return "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
  return Find(kSignals, signal, "signal");
}

}  // namespace ucb
