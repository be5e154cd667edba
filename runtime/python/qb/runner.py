"""What a process is before its callback's script runs, whether it has just been started or is a fork.

A module rather than a part of run_callback.py, because Python keeps modules compiled and the main one not.
"""

import builtins
import os
import sys

import qb


def read_document():
    """What stdin holds if it is a file, without moving the offset from which the script will read; else None."""
    try:
        size = os.fstat(0).st_size
        data = os.pread(0, size, 0)
        while len(data) < size:
            more = os.pread(0, size - len(data), len(data))
            if not more:
                break
            data += more
        return data
    except OSError:
        return None


def begin():
    qb._adopt(read_document())
    builtins.qb = qb


def load(script, descriptor):
    """The compiled script, read from the descriptor if there is one. One that cannot be read or compiled is left to the
    plain interpreter to report.
    """
    try:
        with open(script if descriptor is None else int(descriptor), "rb") as source:
            return compile(source.read(), script, "exec", dont_inherit=True)
    except Exception:
        os.execv(sys.executable, [sys.executable, "-u", "-B", script])


def main_module(script, namespace):
    """The script's main module, and nothing of the present one remains: `namespace` is what that had at first."""
    main = type(sys)("__main__")
    vars(main).update(namespace)
    main.__doc__ = None
    main.__file__ = script
    main.__loader__ = type(namespace["__loader__"])("__main__", script)
    return main


def become(script, namespace):
    """Makes the script the main module; returns the module's variables."""
    main = main_module(script, namespace)
    sys.modules["__main__"] = main
    sys.argv[:] = sys.argv[1:]
    return vars(main)


def hide_runner(runner):
    """Lets the script's tracebacks begin with the script, whoever prints them."""
    show = sys.excepthook

    def excepthook(kind, error, traceback):
        while traceback is not None and traceback.tb_frame.f_code is runner:
            traceback = traceback.tb_next
        error.__traceback__ = traceback
        sys.excepthook = show
        show(kind, error, traceback)

    sys.excepthook = excepthook
