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
        self._keep = ctypes.pythonapi.Py_IncRef
        self._keep.restype = None
        self._keep.argtypes = [ctypes.py_object]

    def replace(self, variables):
        """Takes `NAME=value` strings, as bytes."""
        # Whoever sets a variable makes the C library copy the list first.
        self._strings = (ctypes.c_char_p * (len(variables) + 1))(*variables)
        self._pointer.value = ctypes.addressof(self._strings)
        self._shown.clear()
        self._shown.update([variable.split(b"=", 1) for variable in variables])

    def keep(self):
        """In a fork: the variables are there until the very end, when the interpreter has destroyed all it knows of."""
        self._keep(self._strings)
