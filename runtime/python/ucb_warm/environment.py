"""The environment that forks are given."""

import ctypes
import os


USUAL = 128
# What a run is found by.
NAMES = (b"UCB_RUN_ID", b"UCB_ATTEMPT", b"UCB_TOKEN")


class Environment:
    """Replaces the variables of this process all at once."""

    def __init__(self):
        self._pointer = ctypes.c_void_p.in_dll(ctypes.PyDLL(None), "environ")
        # What os.environ and os.environb show, in bytes.
        self.shown = os.environb._data
        if self.shown is not os.environ._data:
            raise AttributeError("os.environ and os.environb do not show the same")
        # Making the type of a list costs more than filling one.
        self._kind = ctypes.c_char_p * USUAL
        with open("/proc/self/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
        self._start = int(fields[47])
        self._room = int(fields[48]) - self._start
        self._keep = ctypes.pythonapi.Py_IncRef
        self._keep.restype = None
        self._keep.argtypes = [ctypes.py_object]

    def replace(self, variables):
        """In a fork: takes `NAME=value` strings, as bytes."""
        # Where a cold run finds its script.
        variables = [variable for variable in variables if not variable.startswith(b"UCB_SCRIPT_DESCRIPTOR=")]
        # Whoever sets a variable makes the C library copy the list first.
        kind = self._kind if len(variables) < USUAL else ctypes.c_char_p * (len(variables) + 1)
        strings = kind(*variables)
        # They are there until the very end, when the interpreter has destroyed all it knows of.
        self._keep(strings)
        self._pointer.value = ctypes.addressof(strings)
        self.shown.clear()
        self.shown.update([variable.split(b"=", 1) for variable in variables])

    def show(self, time):
        """In a fork: lets the system show what the run is, where it shows what a process was started with; and since when,
        as a fork is older than its run.
        """
        shown = b"".join([name + b"=" + self.shown[name] + b"\0" for name in NAMES if name in self.shown])
        shown += b"UCB_BEGAN_AT=" + time + b"\0"
        if len(shown) <= self._room:
            ctypes.memmove(self._start, shown, len(shown))
