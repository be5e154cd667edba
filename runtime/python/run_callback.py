"""Runs a callback's script as `python3 script.py` would, with `qb` at hand whether the script imports it or not.

Started as `python3 -u -B run_callback.py /directory/script.py`, with the run's document on stdin. A fork of warm_host.py,
which may have compiled the script, takes from here all but the last step.
"""
# First of all, and as it is: what a main module has before its first line runs.
namespace = dict(globals())
forked = namespace.pop("forked", False)

import builtins
import os
import sys

# Where a cold run finds the script as it was checked, whatever has its path by now.
script_descriptor = os.environ.pop("UCB_SCRIPT_DESCRIPTOR", None)


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


def load(script):
    """The compiled script. One that cannot be read or compiled is left to the plain interpreter to report."""
    try:
        with open(script if script_descriptor is None else int(script_descriptor), "rb") as source:
            return compile(source.read(), script, "exec", dont_inherit=True)
    except Exception:
        os.execv(sys.executable, [sys.executable, "-u", "-B", script])


def become(script):
    """Makes the script the main module, and nothing of this one remain."""
    main = type(sys)("__main__")
    vars(main).update(namespace)
    main.__doc__ = None
    main.__file__ = script
    main.__loader__ = type(namespace["__loader__"])("__main__", script)
    sys.modules["__main__"] = main
    sys.argv[:] = sys.argv[1:]
    return vars(main)


def begin():
    qb._adopt(read_document())
    builtins.qb = qb


home = os.path.dirname(os.path.abspath(__file__))
# At the front while qb is imported: no other module of that name is meant. Then at the end, for processes that the
# script starts with multiprocessing.
sys.path.insert(0, home)
import qb

del sys.path[0]
sys.path.append(home)

if not forked:
    if len(sys.argv) < 2:
        sys.exit("usage: run_callback.py SCRIPT")
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.path.dirname(os.path.realpath(sys.argv[1]))
    begin()
    try:
        exec(load(sys.argv[1]), become(sys.argv[1]))
    except SystemExit:
        raise
    except BaseException:
        hide_runner(sys._getframe().f_code)
        raise
