"""The environment that forks are given."""

import ctypes
import os


class Environment:
    """Replaces the variables of this process all at once."""

    def __init__(self):
        self._pointer = ctypes.c_void_p.in_dll(ctypes.PyDLL(None), "environ")
        # What os.environ and os.environb show.
        self._shown = os.environb._data
        if self._shown is not os.environ._data:
            raise AttributeError("os.environ and os.environb do not show the same")
        self._strings = None

    def replace(self, variables):
        """Takes `NAME=value` strings, as bytes."""
        # They are kept while they are in use; whoever sets a variable makes the C library copy the list first.
        self._strings = (ctypes.c_char_p * (len(variables) + 1))(*variables)
        self._pointer.value = ctypes.addressof(self._strings)
        self._shown.clear()
        self._shown.update([variable.split(b"=", 1) for variable in variables])
