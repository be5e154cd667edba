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
"""

# The interpreter's own sockets, without what `socket` adds: each page of memory that a fork touches costs it time.
import _socket
import gc
import os
import select
import sys

import qb
import qb.bridge
import qb.document
import qb.jobs

from . import clone, ending, environment, holes, scripts, threads

CHANNEL = 3
LONGEST_PACKET = 1 << 14
# The letters that descriptors come along with.
S, I, O, P = b"siop"
CONTROL_SIZE = _socket.CMSG_SPACE(4 * 4)
TAKEN = b"\0"
POLLRDHUP = 0x2000
# So many forks wait: with fewer, runs that come together wait for the host where other processes keep the processors busy.
SPARE = 4


class Host:
    def __init__(self, home, preloaded, had_warnings):
        self._had_warnings = had_warnings
        self.runner_path = os.path.join(home, "run_callback.py")
        self._runner_name = os.fsencode(self.runner_path)
        self._scripts = scripts.Scripts()
        os.set_inheritable(CHANNEL, False)
        self._channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, CHANNEL)
        # Collecting would write into every object, and so copy every page that forks share.
        gc.disable()
        # After a fork each page that is written to is copied first: the same few are used again and again.
        self._buffers = [memoryview(bytearray(LONGEST_PACKET))]
        self._environment = environment.Environment()
        self._threads = threads.Threads()
        self._ballast = []
        self._told = (TAKEN,)
        try:
            self._cloner = clone.Cloner()
            with open(self.runner_path, "rb") as source:
                self._runner = compile(source.read(), self.runner_path, "exec", dont_inherit=True)
            load(preloaded)
        except Exception as error:
            self._answer(b"E", reason_of(error))
            os._exit(1)
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

    def serve(self):
        """Forks for as long as forks are needed. Returns in forks only, once they are runs: see `_begin`.

        The host does no more than what later forks are spared: each page it writes to after a fork is copied first, and
        looking at an object of Python's is to write to it.
        """
        self._inner, self._outer = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        watch = select.poll()
        watch.register(CHANNEL, POLLRDHUP)
        watch.register(self._inner, select.POLLIN)
        self._settle()
        self._answer(b"R")
        clone, wait, receive, answer = self._cloner.clone, watch.poll, self._inner.recvmsg, self._answer
        wanted = SPARE
        # It must not interrupt the very run that it makes way for.
        self._policy = os.sched_getscheduler(0)
        if self._policy == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        while True:
            while wanted:
                wanted -= 1
                try:
                    pid = clone()
                except Exception as error:
                    answer(b"E", reason_of(error))
                    os._exit(1)
                if pid == 0:
                    return self._begin()
                answer(b"P", b"%d" % pid)
            for descriptor, _ in wait():
                if descriptor == CHANNEL:
                    os._exit(0)
            path, control, _, _ = receive(LONGEST_PACKET, CONTROL_SIZE)
            wanted += 1
            if path != TAKEN:
                self._learn(path, received(b"s", control)[S])

    def _learn(self, path, descriptor):
        """In the host: looks at a script that a fork has found it does not know."""
        if self._scripts.find(path, descriptor) is None and self._scripts.look_at(path, descriptor):
            self._settle()
        os.close(descriptor)

    def _settle(self):
        """What is there now is shared by all forks: none shall touch it for nothing."""
        self._threads.settle()
        self.known = ending.Known(self._had_warnings)
        gc.collect()
        self._ballast.append(holes.filling())
        if hasattr(gc, "freeze"):
            gc.freeze()

    def _begin(self):
        """In a fork: waits for a request, and makes the process what a cold run would be. What goes wrong is found again,
        and told, by a cold run.

        Returns the script's code if it is compiled, the descriptor of the script if not, and the variables.
        """
        # Now: the system may give each session its share of the processors, and a host has but one.
        os.setsid()
        if self._policy == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        self._inner.close()
        self._threads.begin()
        pid = b"%d" % os.getpid()
        try:
            size, control, _, _ = self._channel.recvmsg_into(self._buffers, CONTROL_SIZE)
        except OSError:
            size = 0
        if size == 0:
            self._answer(b"X", pid)
            os._exit(0)
        ticket, letters, body = bytes(self._buffers[0][:size]).split(b"\0", 2)
        files = received(letters, control)
        try:
            code, arguments, place, folder, variables, limits, time = self._look_up(body, files)
            os.chdir(folder)
            if I in files:
                os.dup2(files[I], 0)
            if O in files:
                os.dup2(files[O], 1)
                os.dup2(files[O], 2)
            for letter, descriptor in files.items():
                if letter != S or code is not None:
                    os.close(descriptor)
            self._environment.replace(variables.split(b"\0")[:-1])
            # Whoever hears of the run can find it, then; and before its limits, which could be too narrow for that.
            self._environment.show(time)
            if limits:
                limit(*limits.split())
        except Exception as error:
            self._answer(b"C", ticket, pid, reason_of(error))
            self._have_another()
            os._exit(1)
        sys.argv[:] = [os.fsdecode(argument) for argument in arguments]
        if not getattr(sys.flags, "safe_path", False):
            sys.path[0] = place
        # From here on it is a run, and nobody's fork.
        self._answer(b"S", ticket, pid)
        self._channel.close()
        # Not before, so that it does not share a processor with the making of the next.
        self._have_another()
        gc.enable()
        return code, files[S], self._environment.shown

    def _look_up(self, body, files):
        """In a fork: takes a request apart, and finds the script."""
        if P in files:
            body = read_all(files[P])
        count, limits, time, folder, rest = body.split(b"\0", 4)
        *arguments, variables = rest.split(b"\0", int(count))
        # Behind the interpreter's own.
        arguments = arguments[arguments.index(self._runner_name) :]
        script = arguments[1]
        if S not in files:
            files[S] = os.open(script, os.O_RDONLY)
        found = self._scripts.find(script, files[S])
        if found is None:
            found = self._scripts.look_around(script)
            self._told = script, [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files[S].to_bytes(4, sys.byteorder))]
        place, shadowed, code = found
        if shadowed is not None:
            raise ImportError("the module %s beside it would not be found: another one is loaded" % shadowed)
        return code, arguments, place, folder, variables, limits, time

    def _have_another(self):
        """In a fork: tells the host that it waits no more, and of a script that the host does not know."""
        try:
            self._outer.sendmsg(self._told[:1], *self._told[1:])
        except OSError:
            # The host is no more, which is no matter to this run.
            pass
        self._outer.close()

    def _answer(self, *parts):
        try:
            self._channel.send(b"\0".join(parts), _socket.MSG_NOSIGNAL)
        except OSError:
            # Nobody is there any more: the host, and a fork nobody knows of, have no purpose.
            os._exit(1)


def reason_of(error):
    return str(error).encode("utf-8", "replace")[:4000]


def load(modules):
    for name in modules:
        try:
            __import__(name)
        except BaseException as error:
            text = str(error) or "it ends the interpreter"
            raise clone.Unsupported("preload: %s cannot be loaded: %s: %s" % (name, type(error).__name__, text)) from None
        if len(os.listdir("/proc/self/task")) > 1:
            raise clone.Unsupported("preload: %s starts a thread, which a fork would not have" % name)


def limit(nice, memory, files, file_size):
    # Few runs need it.
    import resource

    for kind, text in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_FSIZE, file_size),
    ):
        if text != b"-":
            most = resource.getrlimit(kind)[1]
            value = int(text) if most == resource.RLIM_INFINITY else min(int(text), most)
            resource.setrlimit(kind, (value, value))
    if nice != b"0":
        os.nice(int(nice))


def received(letters, control):
    """The descriptors that came along, by their letters, as numbers."""
    for level, kind, data in control:
        if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
            return dict(zip(letters, memoryview(data).cast("i")))
    return {}


def read_all(descriptor):
    data = b""
    while True:
        part = os.pread(descriptor, 1 << 20, len(data))
        if not part:
            return data
        data += part
