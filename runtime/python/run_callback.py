"""Runs a callback's script as `python3 script.py` would, with `qb` at hand whether the script imports it or not.

Started as `python3 -u -B run_callback.py /directory/script.py`, with the run's document on stdin. A fork of warm_host.py,
which may have compiled the script, takes from here all but the last step. Python compiles this file with every start, so it
is short.
"""
# First of all, and as it is: what a main module has before its first line runs.
namespace = dict(globals())
forked = namespace.pop("forked", False)

import os
import sys

# Where a cold run finds the script as it was checked, whatever has its path by now.
script_descriptor = os.environ.pop("UCB_SCRIPT_DESCRIPTOR", None)

home = os.path.dirname(os.path.abspath(__file__))
# At the front while qb is imported: no other module of that name is meant. Then at the end, for processes that the
# script starts with multiprocessing.
sys.path.insert(0, home)
# Nothing is written beside the script, but what is ours Python may keep compiled where it can: that is most of our cost.
writes_nothing, sys.dont_write_bytecode = sys.dont_write_bytecode, False
import qb
from qb.runner import become, begin, hide_runner, load, main_module

sys.dont_write_bytecode = writes_nothing
del sys.path[0]
sys.path.append(home)

if not forked:
    if len(sys.argv) < 2:
        sys.exit("usage: run_callback.py SCRIPT")
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.path.dirname(os.path.realpath(sys.argv[1]))
    begin()
    try:
        exec(load(sys.argv[1], script_descriptor), become(sys.argv[1], namespace))
    except SystemExit:
        raise
    except BaseException:
        hide_runner(sys._getframe().f_code)
        raise
