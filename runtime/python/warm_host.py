"""A warm interpreter: has everything loaded, and forks for each run of a callback.

Started by the launcher as `python3 -u -B warm_host.py LIBRARY [MODULE ...]`, the library being what forks and the modules
what it preloads, with one end of a socket pair as descriptor 3. A packet asks for a run; the run is a fork that goes on as
run_callback.py does, and its parent is the launcher's process. The host itself never runs a line of a callback's script.
"""
# First of all, and as it is: what a main module has before its first line runs.
namespace = dict(globals())

import os
import sys

had_warnings = "warnings" in sys.modules
home = os.path.dirname(os.path.abspath(__file__))
# In front is this file's folder, unless the interpreter was told not to put it there.
starts_with_home = sys.path[:1] == [home]
if not starts_with_home:
    sys.path.insert(0, home)
import ucb_warm.holes

ballast = ucb_warm.holes.filling()
import ucb_warm.ending
import ucb_warm.host

del sys.path[0]
host = ucb_warm.host.Host(home, sys.argv[1], sys.argv[2:], had_warnings)
# What all forks have in common: what a runner is before it looks at its script.
if starts_with_home:
    sys.path.insert(0, home)
namespace["forked"] = True
namespace["__file__"] = host.runner_path
namespace["__loader__"] = type(namespace["__loader__"])("__main__", host.runner_path)
host.become_runner(namespace)
leave = host.leave
code, main = host.serve()

# From here on this is a fork, and like a runner whose script begins.
status = 0
try:
    code = code or namespace["load"](main["__file__"], host.descriptor)
    # As deep as in the runner.
    exec(code, main)
except SystemExit as error:
    status = ucb_warm.ending.status_of(error)
    if status is None:
        raise
except BaseException:
    namespace["hide_runner"](sys._getframe().f_code)
    raise
leave(status)
ucb_warm.ending.leave(status, host.known)
# Something needs the interpreter's own, long way to end.
namespace.clear()
sys.exit(status)
