#include "host/python.h"

#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "host/packets.h"
#include "host/request.h"

namespace ucb::host {
namespace {

// Of Python's stable interface, so that this library is for all its versions, and for programs without Python.
struct Functions {
  void* (*PyBytes_FromStringAndSize)(const char*, ssize_t);
  void* (*PyUnicode_DecodeFSDefaultAndSize)(const char*, ssize_t);
  void (*PyDict_Clear)(void*);
  void* (*PyDict_Copy)(void*);
  int (*PyDict_SetItem)(void*, void*, void*);
  int (*PyDict_SetItemString)(void*, const char*, void*);
  void* (*PyFloat_FromDouble)(double);
  void* (*PyList_New)(ssize_t);
  int (*PyList_Append)(void*, void*);
  ssize_t (*PyList_Size)(void*);
  int (*PyList_SetSlice)(void*, ssize_t, ssize_t, void*);
  void* (*PyLong_FromLong)(long);
  int (*PyObject_SetAttrString)(void*, const char*, void*);
  int (*PyObject_SetItem)(void*, void*, void*);
  ssize_t (*PyTuple_Size)(void*);
  void* (*PyTuple_GetItem)(void*, ssize_t);
  void* (*PyObject_CallObject)(void*, void*);
  void* (*PyObject_GetAttrString)(void*, const char*);
  int (*PyObject_IsTrue)(void*);
  void* (*PyObject_Type)(void*);
  long (*PyLong_AsLong)(void*);
  ssize_t (*PyDict_Size)(void*);
  void* (*PyList_GetItem)(void*, ssize_t);
  int (*PySet_Contains)(void*, void*);
  void* (*PySys_GetObject)(const char*);
  void (*PyErr_Clear)();
  void (*Py_DecRef)(void*);
};

Functions python;

template <typename Function>
bool Load(Function& function, const char* name) {
  function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  return function != nullptr;
}

// Owns a reference; null if there is an exception.
class Object {
 public:
  explicit Object(void* object) : object_(object) {}
  ~Object() {
    if (object_ != nullptr) python.Py_DecRef(object_);
  }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  void* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  void* object_;
};

void* Bytes(std::string_view text) {
  return python.PyBytes_FromStringAndSize(text.data(), static_cast<ssize_t>(text.size()));
}

bool FillVariables(void* dictionary, std::string_view variables) {
  python.PyDict_Clear(dictionary);
  std::string_view variable;
  while (TakeText(variables, variable)) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string_view::npos) continue;
    const Object name(Bytes(variable.substr(0, equals)));
    const Object value(Bytes(variable.substr(equals + 1)));
    if (!name || !value || python.PyDict_SetItem(dictionary, name.get(), value.get()) != 0) return false;
  }
  return true;
}

bool FillArguments(void* list, std::string_view arguments) {
  const Object filled(python.PyList_New(0));
  if (!filled) return false;
  std::string_view argument;
  while (TakeText(arguments, argument)) {
    const Object text(python.PyUnicode_DecodeFSDefaultAndSize(argument.data(), static_cast<ssize_t>(argument.size())));
    if (!text || python.PyList_Append(filled.get(), text.get()) != 0) return false;
  }
  return python.PyList_SetSlice(list, 0, python.PyList_Size(list), filled.get()) == 0;
}

// What `_adopt` does there: the variables, which a script may change, and the document, for the time that it passes for
// new.
bool Adopt(void* module, void* variables) {
  constexpr double kFreshSeconds = 2.0;
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const double until = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9 + kFreshSeconds;
  const Object fresh_until(python.PyFloat_FromDouble(until));
  const Object copied(python.PyDict_Copy(variables));
  if (!fresh_until || !copied || python.PyDict_SetItemString(module, "_fresh_until", fresh_until.get()) != 0 ||
      python.PyDict_SetItemString(module, "_variables", copied.get()) != 0) {
    return false;
  }
  std::size_t size = 0;
  char* data = ReadAll(STDIN_FILENO, size);
  if (data == nullptr) return true;
  const Object document(Bytes({data, size}));
  std::free(data);
  return document && python.PyDict_SetItemString(module, "_stdin", document.get()) == 0;
}

bool TellThread(void* thread) {
  const Object number(python.PyLong_FromLong(getpid()));
  return number && python.PyObject_SetAttrString(thread, "_native_id", number.get()) == 0;
}

bool Assign(void* assignments) {
  const ssize_t count = python.PyTuple_Size(assignments);
  for (ssize_t index = 0; index < count; index++) {
    void* assignment = python.PyTuple_GetItem(assignments, index);
    if (assignment == nullptr || python.PyTuple_Size(assignment) != 3 ||
        python.PyObject_SetItem(python.PyTuple_GetItem(assignment, 0), python.PyTuple_GetItem(assignment, 1),
                                python.PyTuple_GetItem(assignment, 2)) != 0) {
      return false;
    }
  }
  return count >= 0;
}

bool Call(void* function) {
  return static_cast<bool>(Object(python.PyObject_CallObject(function, nullptr)));
}

long Count(void* function) {
  const Object count(python.PyObject_CallObject(function, nullptr));
  return count ? python.PyLong_AsLong(count.get()) : -1;
}

bool Flush(void* stream) {
  const Object flush(python.PyObject_GetAttrString(stream, "flush"));
  return flush && Call(flush.get());
}

bool EndsUnseen(const UcbKnown& known) {
  if (python.PySys_GetObject("stdout") != known.output || python.PySys_GetObject("stderr") != known.errors)
    return false;
  if (Count(known.thread_count) != 0) return false;
  if (python.PyList_Size(known.thread_ends) != known.thread_end_count) return false;
  const long exits = Count(known.exit_count);
  // They may have started threads.
  if (exits < 0 || (exits > 0 && (!Call(known.run_exits) || Count(known.thread_count) != 0))) return false;
  if (python.PyDict_Size(known.modules) != known.module_count) return false;
  if (!Flush(known.output) || !Flush(known.errors)) return false;
  const Object objects(python.PyObject_CallObject(known.objects, nullptr));
  if (!objects) return false;
  const ssize_t count = python.PyList_Size(objects.get());
  for (ssize_t index = 0; index < count; index++) {
    void* item = python.PyList_GetItem(objects.get(), index);
    const Object type(python.PyObject_Type(item));
    const int harmless = python.PySet_Contains(known.harmless, type.get());
    if (harmless == 1) continue;
    if (harmless == -1 || python.PySet_Contains(known.files, type.get()) != 1) return false;
    const Object closed(python.PyObject_GetAttrString(item, "closed"));
    if (!closed || python.PyObject_IsTrue(closed.get()) != 1) return false;
  }
  return count >= 0;
}

}  // namespace

void LeavePython(const UcbKnown& known, int status) {
  if (known.harmless != nullptr && EndsUnseen(known)) {
    // What extension modules have left in the C library's buffers.
    std::fflush(nullptr);
    _exit(status);
  }
  // Whatever it was, it is found again.
  python.PyErr_Clear();
}

bool LoadPython() {
  return Load(python.PyBytes_FromStringAndSize, "PyBytes_FromStringAndSize") &&
         Load(python.PyUnicode_DecodeFSDefaultAndSize, "PyUnicode_DecodeFSDefaultAndSize") &&
         Load(python.PyDict_Clear, "PyDict_Clear") && Load(python.PyDict_Copy, "PyDict_Copy") &&
         Load(python.PyDict_SetItem, "PyDict_SetItem") && Load(python.PyDict_SetItemString, "PyDict_SetItemString") &&
         Load(python.PyFloat_FromDouble, "PyFloat_FromDouble") && Load(python.PyList_New, "PyList_New") &&
         Load(python.PyList_Append, "PyList_Append") && Load(python.PyList_Size, "PyList_Size") &&
         Load(python.PyList_SetSlice, "PyList_SetSlice") && Load(python.PyLong_FromLong, "PyLong_FromLong") &&
         Load(python.PyObject_SetAttrString, "PyObject_SetAttrString") &&
         Load(python.PyObject_SetItem, "PyObject_SetItem") && Load(python.PyTuple_Size, "PyTuple_Size") &&
         Load(python.PyTuple_GetItem, "PyTuple_GetItem") && Load(python.PyObject_CallObject, "PyObject_CallObject") &&
         Load(python.PyObject_GetAttrString, "PyObject_GetAttrString") &&
         Load(python.PyObject_IsTrue, "PyObject_IsTrue") && Load(python.PyObject_Type, "PyObject_Type") &&
         Load(python.PyLong_AsLong, "PyLong_AsLong") && Load(python.PyDict_Size, "PyDict_Size") &&
         Load(python.PyList_GetItem, "PyList_GetItem") && Load(python.PySet_Contains, "PySet_Contains") &&
         Load(python.PySys_GetObject, "PySys_GetObject") && Load(python.PyErr_Clear, "PyErr_Clear") &&
         Load(python.Py_DecRef, "Py_DecRef");
}

bool FillPython(const PythonObjects& objects, std::string_view variables, std::string_view arguments,
                void* assignments) {
  return (objects.variables == nullptr || FillVariables(objects.variables, variables)) &&
         (objects.module == nullptr || Adopt(objects.module, objects.variables)) &&
         (objects.arguments == nullptr || FillArguments(objects.arguments, arguments)) &&
         (objects.thread == nullptr || TellThread(objects.thread)) &&
         (objects.assignments == nullptr || Assign(objects.assignments)) &&
         (assignments == nullptr || Assign(assignments)) && (objects.last == nullptr || Call(objects.last));
}

}  // namespace ucb::host
