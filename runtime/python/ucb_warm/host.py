"""The host: keeps forks that wait for a run each.

Whichever of its forks takes a request from the channel, which all of them share, is the run; the host makes another.
Packets are texts with NULs between their parts. The launcher asks with

    ticket, descriptors, count of arguments, limits, time, directory, arguments ..., variables ...

each followed by a NUL. `descriptors` has a letter for each that comes along: s for the script as it was checked, i for
stdin, o for stdout and stderr, p for a file that holds all behind `descriptors` where that is too long for a packet.
`limits` is empty or has four words: how far the run stands back, as nice(1) counts, and the bytes of memory, the open
files and the bytes of a file it may have, - being no limit. `time` is the present in Unix milliseconds. Answers are

    R                        the host is ready
    E, reason                it cannot be, and ends
    P, pid                   the host has forked, and the fork waits
    S, ticket, pid           the fork runs; it says so itself, so that nothing counts as started that never came to life
    C, ticket, pid, reason   this run must be a cold one; the fork ends
    X, pid                   the fork has not been needed, and ends

When the other end is closed, or no more is written to it, the forks that wait end, and the host.

A fork that takes a request tells the host over a socket pair of their own: with a NUL, or, if the host does not know the
script as it is now, with its path, and the script along with it.

All of that but the looking at scripts is done by the library that is loaded by `forks`.
"""

import builtins
import gc
import os
import socket
import sys

import qb
import qb.bridge
import qb.document
import qb.jobs

from . import ending, forks, holes, hooks, scripts

CHANNEL = 3
# So many forks wait: with fewer, runs that come together wait for the host where other processes keep the processors busy.
SPARE = 4


class Host:
    def __init__(self, home, library, preloaded, had_warnings):
        self._had_warnings = had_warnings
        self.runner_path = os.path.join(home, "run_callback.py")
        os.set_inheritable(CHANNEL, False)
        # Collecting would write into every object, and so copy every page that forks share.
        gc.disable()
        self._hooks = hooks.Hooks()
        self._ballast = []
        # What os.environ and os.environb show, in bytes.
        self._variables = os.environb._data
        try:
            if self._variables is not os.environ._data:
                raise forks.Unsupported("os.environ and os.environb do not show the same")
            self._forks = forks.Forks(library)
            with open(self.runner_path, "rb") as source:
                self._runner = compile(source.read(), self.runner_path, "exec", dont_inherit=True)
            load(preloaded)
        except Exception as error:
            self._refuse(error)
        # From now on nobody reads what is said while modules are loaded. The host keeps no file and no folder of anybody.
        null = os.open(os.devnull, os.O_RDWR)
        for standard in 0, 1, 2:
            os.dup2(null, standard)
        os.close(null)
        os.chdir("/")

    def become_runner(self, namespace):
        """Executes all of the runner that is the same for each script, in the namespace of its module."""
        exec(self._runner, namespace)
        self._runner = None
        self._scripts = scripts.Scripts(self._forks, lambda path: namespace["main_module"](path, namespace["namespace"]))

    def serve(self):
        """Forks for as long as forks are needed. Returns in forks only, once they are runs: the script's code, or None if it
        is not compiled, and the variables of its module.

        The host does no more than what later forks are spared: each page it writes to after a fork is copied first, and
        looking at an object of Python's is to write to it.
        """
        inner, outer = (end.detach() for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        # It must not interrupt the very run that it makes way for.
        stands_back = os.sched_getscheduler(0) == os.SCHED_OTHER
        if stands_back:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        runner = os.fsencode(self.runner_path)
        try:
            self._forks.open(CHANNEL, inner, outer, SPARE, stands_back, runner, self._variables, vars(qb), begin)
        except Exception as error:
            self._refuse(error)
        builtins.qb = qb
        self._settle()
        os.write(CHANNEL, b"R")
        serve, reference, served = self._forks.serve, self._forks.reference, self._forks.served
        found = self._scripts.found
        while True:
            index = serve(len(sys.modules), reference)
            if index >= 0:
                return found[index]
            if index == forks.UNKNOWN:
                return self._become_unknown()
            if self._scripts.look_at(served.path, served.script):
                self._settle()
            os.close(served.script)

    @property
    def leave(self):
        """In a fork: ends it if that can be done at once; see `ending` for all else."""
        return self._forks.leave

    @property
    def descriptor(self):
        """In a fork: of its script, where that is not compiled."""
        return self._forks.served.script

    def _refuse(self, error):
        os.write(CHANNEL, b"E\0" + reason_of(error))
        os._exit(1)

    def _settle(self):
        """What is there now is shared by all forks: none shall touch it for nothing."""
        self._hooks.settle()
        main = getattr(sys.modules.get("threading"), "_main_thread", None)
        self._forks.assign(main if hasattr(main, "_native_id") else None, self._hooks.assignments)
        self.known = ending.Known(self._had_warnings)
        if self.known.freezes:
            self._forks.remember(self.known)
        gc.collect()
        self._ballast.append(holes.filling())
        if hasattr(gc, "freeze"):
            gc.freeze()

    def _become_unknown(self):
        """In a fork: its script is none that the host knows as it is. What goes wrong is found again, and told, by a cold
        run.
        """
        try:
            variables, assignments, shadowed = self._scripts.prepare(os.fsdecode(self._forks.served.path))
        except Exception as error:
            self._forks.refuse(reason_of(error))
        if shadowed is not None:
            reason = "the module %s beside it would not be found: another one is loaded" % shadowed
            self._forks.refuse(reason.encode("utf-8", "replace"))
        self._forks.begin(assignments)
        return None, variables


def begin_old():
    """In a fork of a version whose `random` has no hook of its own for that."""
    gc.enable()
    if "random" in sys.modules:
        sys.modules["random"].seed()


begin = gc.enable if sys.version_info >= (3, 7) else begin_old


def reason_of(error):
    return str(error).encode("utf-8", "replace")[:4000]


def load(modules):
    for name in modules:
        try:
            __import__(name)
        except BaseException as error:
            text = str(error) or "it ends the interpreter"
            raise forks.Unsupported("preload: %s cannot be loaded: %s: %s" % (name, type(error).__name__, text)) from None
        if len(os.listdir("/proc/self/task")) > 1:
            raise forks.Unsupported("preload: %s starts a thread, which a fork would not have" % name)
