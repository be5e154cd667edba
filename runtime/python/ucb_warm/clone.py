"""Forks a process whose parent is our own parent."""

import ctypes
import os
import platform
import sys

CLONE_PARENT = 0x00008000
CLONE_CHILD_CLEARTID = 0x00200000
CLONE_CHILD_SETTID = 0x01000000
SIGCHLD = 17
PR_GET_TID_ADDRESS = 40

# Number of the system call, and whether the thread-local storage stands before the child's thread id.
CALLS = {"x86_64": (56, False), "aarch64": (220, True)}


class Unsupported(Exception):
    """This system or interpreter cannot do it; the text says why."""


class Cloner:
    """Does what os.fork() does, but for the parent: the new process is our sibling."""

    def __init__(self):
        machine = platform.machine()
        if machine not in CALLS or sys.maxsize < 2**32 or sys.implementation.name != "cpython":
            raise Unsupported("%s on %s cannot be forked for somebody else" % (sys.implementation.name, machine))
        number, storage_first = CALLS[machine]
        # With the interpreter's lock held throughout: a fork in the middle of a switch of threads would be stuck.
        library = ctypes.PyDLL(None, use_errno=True)
        check_library(library)
        # The C library knows the thread's id from its memory, where the kernel shall write the child's.
        address = ctypes.c_long()
        if library.prctl(PR_GET_TID_ADDRESS, ctypes.byref(address), 0, 0, 0) != 0:
            raise Unsupported("the kernel does not tell where the C library keeps the thread's id")
        self._call = library.syscall
        self._call.restype = ctypes.c_long
        self._call.argtypes = [ctypes.c_long] * 6
        flags = CLONE_PARENT | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD
        places = (0, address.value) if storage_first else (address.value, 0)
        self._arguments = (number, flags, 0, 0) + places
        self._before, self._in_parent, self._in_child = interpreter_hooks()
        if sys.version_info >= (3, 7):
            # As if this were a fork: what is looked up, made and remembered then is there for all.
            self._before()
            self._in_child()

    def clone(self):
        """The new process's id, or 0 in the new process; raises OSError."""
        self._before()
        pid = self._call(*self._arguments)
        if pid == 0:
            self._in_child()
            return 0
        error = ctypes.get_errno()
        self._in_parent()
        if pid < 0:
            raise OSError(error, os.strerror(error))
        return pid


def check_library(library):
    """Old C libraries remember the process's id and would give the parent's."""
    try:
        version = library.gnu_get_libc_version
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
    in_child = api.PyOS_AfterFork
    in_child.restype = None
    in_child.argtypes = []

    def in_old_child():
        in_child()
        # Later versions do this by a hook of the module's own.
        if "random" in sys.modules:
            sys.modules["random"].seed()

    return (lambda: None), (lambda: None), in_old_child
