"""Forks, by the library that does it in C++: it takes requests and makes a fork what a run is, without looking at an
object of Python's, each of which would be a page of memory to copy.
"""

import _thread
import atexit
import ctypes
import gc
import sys

# What serving returns instead of the index of the script that a fork is to run.
LEARN, UNKNOWN = -1, -2
# How a script may be run.
NOT, COMPILED, SOURCE = 0, 1, 2

Numbers = ctypes.c_uint64 * 5


class Unsupported(Exception):
    """This system or interpreter cannot do it; the text says why."""


class Serving(ctypes.Structure):
    _fields_ = [
        ("path", ctypes.c_char_p),
        ("script", ctypes.c_long),
    ]


class Options(ctypes.Structure):
    _fields_ = [
        ("channel", ctypes.c_int),
        ("inner", ctypes.c_int),
        ("outer", ctypes.c_int),
        ("spare", ctypes.c_int),
        ("stands_back", ctypes.c_int),
        ("runner", ctypes.c_char_p),
        ("shown", ctypes.c_void_p),
        ("room", ctypes.c_size_t),
        ("variables", ctypes.py_object),
        ("arguments", ctypes.py_object),
        ("module", ctypes.py_object),
        ("last", ctypes.py_object),
        ("before", ctypes.c_void_p),
        ("in_parent", ctypes.c_void_p),
        ("in_child", ctypes.c_void_p),
    ]


class Ends(ctypes.Structure):
    _fields_ = [
        ("output", ctypes.py_object),
        ("errors", ctypes.py_object),
        ("modules", ctypes.py_object),
        ("module_count", ctypes.c_long),
        ("thread_ends", ctypes.py_object),
        ("thread_end_count", ctypes.c_long),
        ("thread_count", ctypes.py_object),
        ("exit_count", ctypes.py_object),
        ("run_exits", ctypes.py_object),
        ("objects", ctypes.py_object),
        ("harmless", ctypes.py_object),
        ("files", ctypes.py_object),
    ]


class Forks:
    """What `serve` has taken, in the host and in forks."""

    def __init__(self, path):
        if sys.implementation.name != "cpython":
            raise Unsupported("%s cannot be forked for somebody else" % sys.implementation.name)
        check_c_library()
        try:
            # With the interpreter's lock held throughout: a fork in the middle of a switch of threads would be stuck.
            self._library = ctypes.PyDLL(path)
        except OSError as error:
            raise Unsupported("its library cannot be loaded: %s" % error) from None
        self._library.ucb_host_open.restype = ctypes.c_char_p
        self._library.ucb_host_open.argtypes = [ctypes.POINTER(Options)]
        self._library.ucb_host_know.argtypes = [
            ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_long, ctypes.POINTER(Numbers), ctypes.POINTER(Numbers),
            ctypes.py_object,
        ]  # fmt: skip
        self._library.ucb_host_assign.argtypes = [ctypes.c_void_p, ctypes.py_object]
        self._library.ucb_host_assign.restype = None
        self._library.ucb_host_forget.restype = None
        self._library.ucb_host_serve.argtypes = [ctypes.c_long, ctypes.POINTER(Serving)]
        self._library.ucb_host_serve.restype = ctypes.c_long
        self._library.ucb_host_begin.argtypes = [ctypes.POINTER(Serving), ctypes.py_object]
        self._library.ucb_host_begin.restype = None
        self._library.ucb_host_remember.argtypes = [ctypes.POINTER(Ends)]
        self._library.ucb_host_remember.restype = None
        self._library.ucb_host_leave.argtypes = [ctypes.c_int]
        self._library.ucb_host_leave.restype = None
        # In a run: ends it with this status if nobody sees more of the interpreter's own end.
        self.leave = self._library.ucb_host_leave
        self._library.ucb_host_refuse.argtypes = [ctypes.c_char_p]
        self.forget = self._library.ucb_host_forget
        self._assigned = None
        self.served = Serving()
        self.reference = ctypes.byref(self.served)
        # Returns LEARN in the host, and in forks UNKNOWN or the script's index. Takes how many modules are loaded and the
        # reference.
        self.serve = self._library.ucb_host_serve

    def open(self, channel, inner, outer, spare, stands_back, runner, variables, module, last):
        before, in_parent, in_child = interpreter_hooks()
        if sys.version_info >= (3, 7):
            # As if this were a fork: what is looked up, made and remembered then is there for all.
            before()
            in_child()
        with open("/proc/self/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
        shown = int(fields[47])
        room = int(fields[48]) - shown
        hooks = [ctypes.cast(hook, ctypes.c_void_p).value for hook in (before, in_parent, in_child)]
        self._options = Options(
            channel, inner, outer, spare, stands_back, runner, shown, room, variables, sys.argv, module, last, *hooks
        )
        refusal = self._library.ucb_host_open(ctypes.byref(self._options))
        if refusal is not None:
            raise Unsupported(refusal.decode())

    def assign(self, thread, assignments):
        """What all runs get: containers, keys and values, and the thread that is theirs."""
        # Alive for as long as they are used.
        self._assigned = thread, tuple(assignments)
        self._library.ucb_host_assign(None if thread is None else id(thread), self._assigned[1])

    def remember(self, known):
        """What forks have when they begin, by which they see whether they may end at once; see `ending`."""
        self._ends = Ends(
            sys.stdout, sys.stderr, sys.modules, len(sys.modules), known.thread_ends, len(known.thread_ends),
            _thread._count, atexit._ncallbacks, known.run_exits, gc.get_objects, known.unseen,
            known.files,
        )  # fmt: skip
        self._library.ucb_host_remember(ctypes.byref(self._ends))

    def know(self, path, index, use, file, folder, assignments):
        """Says whether it can be remembered. The assignments must stay alive."""
        return self._library.ucb_host_know(
            path, index, use, len(sys.modules), Numbers(*file), Numbers(*folder), assignments
        ) != 0

    def begin(self, assignments):
        """In a fork whose script is UNKNOWN: makes it a run."""
        self._library.ucb_host_begin(self.reference, assignments)

    def refuse(self, reason):
        """In a fork whose script is UNKNOWN: the run is to be a cold one. Does not return."""
        self._library.ucb_host_refuse(reason)


def check_c_library():
    """Old C libraries remember the process's id and would give the parent's."""
    try:
        version = ctypes.PyDLL(None).gnu_get_libc_version
    except AttributeError:
        return
    version.restype = ctypes.c_char_p
    text = version().decode("ascii")
    major, minor = (int(part) for part in text.split(".")[:2])
    if (major, minor) < (2, 25):
        raise Unsupported("the C library is version %s, and 2.25 is the least" % text)


def interpreter_hooks():
    """What os.fork() calls around the system call: locks are made good, and at-fork hooks run."""
    api = ctypes.pythonapi
    if sys.version_info >= (3, 7):
        hooks = api.PyOS_BeforeFork, api.PyOS_AfterFork_Parent, api.PyOS_AfterFork_Child
        for hook in hooks:
            hook.restype = None
            hook.argtypes = []
        return hooks
    return None, None, api.PyOS_AfterFork
