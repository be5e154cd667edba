"""How a fork ends: as the interpreter ends, but without taking apart all that it shares with its host."""

import _thread
import atexit
import ctypes
import gc
import io
import os
import sys
from _weakref import ReferenceType

# Extension modules that write something when they are taken apart, unseen by the collector.
WRITERS = {"_curses", "_dbm", "_gdbm", "_tkinter", "readline"}


def status_of(ending):
    """The exit status that SystemExit stands for; None if the interpreter has more to do than to exit with it."""
    code = ending.code
    if code is None:
        return 0
    return code & 0xFF if type(code) is int and -(2**31) <= code < 2**31 else None


class Known:
    """What the host had when it was made."""

    def __init__(self, had_warnings):
        self.modules = frozenset(sys.modules)
        # Before the host loaded anything.
        self.had_warnings = had_warnings
        self.thread_ends = thread_ends()
        self.thread_end_count = len(self.thread_ends)
        self.flush = ctypes.PyDLL(None).fflush
        self.flush.argtypes = [ctypes.c_void_p]
        self.run_exits = run_exit_functions
        # Only what is frozen can be told from what a run has made.
        self.freezes = hasattr(gc, "freeze")
        # Looking at a type touches several pages, so it is done here.
        kinds = all_types(object)
        self.harmless = frozenset(kind for kind in kinds if not ends_visibly(kind))
        self.files = frozenset(kind for kind in kinds if issubclass(kind, io.IOBase))
        # Weak references may tell somebody.
        self.unseen = frozenset(kind for kind in self.harmless if not issubclass(kind, ReferenceType))


def leave(status, known):
    """Ends the process as its interpreter would, if that can be done in a short way; else returns.

    The interpreter takes every object apart at its end, which costs a fork a copy of every page it shares with its
    host: many times what most callbacks cost. What can be seen of that is done here: functions registered for the exit
    run, output is flushed, and what the script has left is destroyed. Whatever is out of the ordinary is left to the
    interpreter.
    """
    try_to_leave(status, known)
    # While the interpreter ends, whether warnings are shown depends on it. Most scripts load it no more than a cold run.
    if known.freezes and not known.had_warnings:
        sys.modules.pop("warnings", None)


def try_to_leave(status, known):
    if sys.stdout is not sys.__stdout__ or sys.stderr is not sys.__stderr__:
        return
    if _thread._count() > 0 or len(thread_ends()) != known.thread_end_count:
        return
    if atexit._ncallbacks() > 0:
        run_exit_functions()
    # They may have started threads.
    if _thread._count() > 0 or not flushed():
        return
    if len(sys.modules) != len(known.modules) and not drop_modules(known):
        return
    connections = getattr(sys.modules.get("qb.bridge"), "_idle", [])
    connections.clear()
    if not known.freezes:
        sys.modules.pop("__main__", None)
        gc.collect()
        return
    if sees_an_end(known):
        sys.modules.pop("__main__", None)
        gc.collect()
        if sees_an_end(known, ()) or _thread._count() > 0 or not flushed():
            return
    # What extension modules have left in the C library's buffers.
    known.flush(None)
    os._exit(status)


def all_types(kind):
    found = {kind}
    for inner in type.__subclasses__(kind):
        if inner not in found:
            found |= all_types(inner)
    return found


def thread_ends():
    """What is called when the interpreter would wait for threads."""
    return getattr(sys.modules.get("threading"), "_threading_atexits", [])


def run_exit_functions():
    show = getattr(sys, "unraisablehook", None)
    ours = sys._getframe().f_code

    def unraisablehook(unraisable):
        traceback = unraisable.exc_traceback
        # Where a function is none of Python's, the interpreter shows us as what it was called by.
        if traceback is not None and traceback.tb_frame.f_code is ours:
            parts = list(unraisable)
            parts[2] = traceback.tb_next
            unraisable = type(unraisable)(parts)
        show(unraisable)

    if show is not None:
        sys.unraisablehook = unraisablehook
    try:
        atexit._run_exitfuncs()
    except BaseException:
        # It was shown already.
        pass
    if show is not None and sys.unraisablehook is unraisablehook:
        sys.unraisablehook = show


def flushed():
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        return True
    except Exception:
        # The interpreter tries it again, and says what is wrong.
        return False


def drop_modules(known):
    """Forgets what the run has loaded; False if that includes something with an end of its own."""
    added = [name for name in sys.modules if name not in known.modules]
    if any(writes_at_end(sys.modules[name]) for name in added):
        return False
    for name in added:
        del sys.modules[name]
    return True


def writes_at_end(module):
    if getattr(module, "__name__", None) in WRITERS:
        return True
    path = getattr(module, "__file__", None)
    return isinstance(path, str) and path.endswith(".so") and "/lib-dynload/" not in path


def ends_visibly(kind):
    """Whether destroying an object of this type may do something that others see."""
    # The system closes them just as well.
    if kind in (io.FileIO, io.BufferedReader) or kind.__module__ in ("socket", "_socket"):
        return False
    return issubclass(kind, io.IOBase) or any(hasattr(kind, name) for name in ("__del__", "gi_frame", "cr_frame", "ag_frame"))


def sees_an_end(known, watchers=(ReferenceType,)):
    """Whether somebody sees that what the run has made is destroyed."""
    kinds = set(map(type, gc.get_objects()))
    visible = tuple(kind for kind in kinds if kind not in known.harmless and ends_visibly(kind))
    watching = tuple(kind for kind in kinds if issubclass(kind, watchers))
    if not visible and not watching:
        return False
    return any(
        (isinstance(item, visible) and not getattr(item, "closed", False))
        or (isinstance(item, watching) and item.__callback__ is not None)
        for item in gc.get_objects()
    )
