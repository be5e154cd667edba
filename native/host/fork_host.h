#pragma once

#include <cstddef>
#include <cstdint>

// What a warm interpreter is made of that is not of its language: it forks, and a fork takes a request and becomes what
// a run is before its script. An interpreter that did this by itself would look at hundreds of its objects, and to look
// at one is to write to it, which copies a page of memory for each fork. Loaded into the interpreter, and called by one
// thread.
extern "C" {

// What ucb_host_serve returns. If it is none of these, this is a fork that is a run now, and the number is what was
// given to ucb_host_know with its script.
enum UcbServed : long {
  kUcbLearn = -1,  // in the host: look at the script
  kUcbUnknown =
      -2,  // in a fork: its script is none that may be run as it was looked at; ucb_host_begin or _refuse follow
};

struct UcbServing {
  const char* path;  // of the script that is to be looked at, or of an unknown one; valid until the next call
  long script;       // its descriptor; -1 where it was closed
};

struct UcbHostOptions {
  int channel;         // to the launcher
  int inner;           // the host's end of a socket pair, by which forks tell that they wait no more
  int outer;           // the forks' end
  int spare;           // so many forks wait
  int stands_back;     // not 0: the host's scheduling is SCHED_BATCH, of which runs know nothing
  const char* runner;  // the path of the first argument that counts
  char* shown;         // where the system shows the variables that the process was started with
  std::size_t room;    // bytes there
  // Objects of Python for what a run has, the runner not among its arguments; or null. Where that fails, Python's
  // exception is set.
  void* variables;
  void* arguments;
  void* module;  // the variables of the module `qb`
  void* last;    // is called without arguments when all else is done
  // What the interpreter wants done around a fork; null for nothing.
  void (*before)();
  void (*in_parent)();
  void (*in_child)();
};

// What Python had when its forks were made, by which a run sees whether anybody else would see its end.
struct UcbKnown {
  void* output;   // sys.stdout
  void* errors;   // sys.stderr
  void* modules;  // sys.modules
  long module_count;
  void* thread_ends;  // the list of what is called instead of waiting for threads
  long thread_end_count;
  void* thread_count;  // says how many other threads there are
  void* exit_count;    // says how many functions are registered for the exit
  void* run_exits;     // calls them
  void* objects;       // lists all objects that were made since
  void* harmless;      // a set of types whose objects end unseen
  void* files;         // a set of those whose objects do once they are `closed`
};

// Once, and before all else. Null, or why this process cannot be forked for somebody else.
__attribute__((visibility("default"))) const char* ucb_host_open(const UcbHostOptions* options);

// How a script that was looked at may be run.
enum UcbUse : int {
  kUcbNot = 0,       // not without looking at it again: ucb_host_serve returns kUcbUnknown
  kUcbCompiled = 1,  // without its file, which is closed
  kUcbSource = 2,    // from its file
};

// The script at `path` was looked at when it and its folder were `file` and `folder`: device, inode, size, and times of
// modification and change in nanoseconds. Its run has further `assignments`, or null. 0 if it cannot be remembered.
__attribute__((visibility("default"))) int ucb_host_know(const char* path, long index, UcbUse use, long modules,
                                                         const std::uint64_t* file, const std::uint64_t* folder,
                                                         void* assignments);
// What changes for all runs from now on: the thread gets the process's id as _native_id, if it is not null. Assignments
// are a tuple of tuples that each are a container, a key, and the value it gets.
__attribute__((visibility("default"))) void ucb_host_assign(void* thread, void* assignments);
// Forgets all scripts.
__attribute__((visibility("default"))) void ucb_host_forget();

// Forks for as long as forks are needed, and ends the process when they are not. `modules` are loaded now.
__attribute__((visibility("default"))) long ucb_host_serve(long modules, UcbServing* serving);

// In a fork whose script is unknown: makes it a run, with further assignments, or null.
__attribute__((visibility("default"))) void ucb_host_begin(UcbServing* serving, void* assignments);
// From now on forks have what is known here when they begin.
__attribute__((visibility("default"))) void ucb_host_remember(const UcbKnown* known);
// In a run of Python's: ends the process, with all output written, if nobody sees more of the interpreter's own end.
// Otherwise nothing has changed but that output may be written.
__attribute__((visibility("default"))) void ucb_host_leave(int status);

// In a fork whose script is unknown: has the launcher start the run without a fork, and ends.
[[noreturn]] __attribute__((visibility("default"))) void ucb_host_refuse(const char* reason);
}
