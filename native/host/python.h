#pragma once

#include <string_view>

#include "host/fork_host.h"

namespace ucb::host {

// What a run changes in the interpreter that this library is loaded into, whose lock the caller holds: its objects, or
// null.
struct PythonObjects {
  void* variables = nullptr;    // a dict of bytes, by name
  void* arguments = nullptr;    // a list of str
  void* module = nullptr;       // the variables of the module `qb`
  void* thread = nullptr;       // has the thread's id as _native_id
  void* assignments = nullptr;  // a tuple of tuples: container, key and value
  void* last = nullptr;         // is called when all else is done
};

// Ends the process with all output written, if nobody sees more of the interpreter's own end. Otherwise nothing has
// changed but that output may be written.
void LeavePython(const UcbKnown& known, int status);

// Looks up the interpreter's functions. False where one is missing.
bool LoadPython();

// Makes the objects those of a run: texts are each followed by a NUL, `assignments` further ones, or null. False with
// an exception set if it cannot.
bool FillPython(const PythonObjects& objects, std::string_view variables, std::string_view arguments,
                void* assignments);

}  // namespace ucb::host
