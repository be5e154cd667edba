"""The host: answers requests, and forks for each run.

Packets are texts with NULs between their parts. The launcher asks with

    ticket, descriptors, count of arguments, limits, directory, arguments ..., variables ...

each followed by a NUL. `descriptors` has a letter for each that comes along: s for the script as it was checked, i for
stdin, o for stdout and stderr, p for a file that holds all behind `descriptors` where that is too long for a packet.
`limits` is empty or has four words: how far the run stands back, as nice(1) counts, and the bytes of memory, the open
files and the bytes of a file it may have, - being no limit. Answers are

    R                        the host is ready
    E, reason                it cannot be, and ends
    N, ticket, pid           the host has forked
    S, ticket, pid           the fork runs; it says so itself, so that nothing counts as started that never came to life
    C, ticket, reason        this run must be a cold one
    D, ticket, pid, reason   the same, from a fork, which ends

When the other end is closed, the host ends.
"""

# The interpreter's own sockets, without what `socket` adds: each page of memory that a fork touches costs it time.
import _socket
import gc
import os
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
        """Answers requests for as long as there are any. Returns in forks only: see `_begin`.

        The host does no more than what later forks are spared: each page it writes to after a fork is copied first, and
        looking at an object of Python's is to write to it.
        """
        self._settle()
        self._answer(b"R")
        receive, send, close = self._channel.recvmsg_into, self._channel.send, os.close
        buffers, clone, look_up = self._buffers, self._cloner.clone, self._look_up
        while True:
            try:
                size, control, _, _ = receive(buffers, CONTROL_SIZE)
            except OSError:
                size = 0
            if size == 0:
                os._exit(0)
            ticket, letters, body = bytes(buffers[0][:size]).split(b"\0", 2)
            files = received(letters, control)
            pid = -1
            try:
                request = look_up(body, files)
                pid = clone()
            except Exception as error:
                self._answer(b"C", ticket, reason_of(error))
            if pid == 0:
                return self._begin(ticket, request, files)
            for descriptor in files.values():
                close(descriptor)
            if pid > 0:
                self._answer(b"N", ticket, b"%d" % pid)

    def _look_up(self, body, files):
        """Takes a request apart as far as the host must, and compiles its script if that was not done yet."""
        if P in files:
            body = read_all(files[P])
        count, limits, folder, rest = body.split(b"\0", 3)
        *arguments, variables = rest.split(b"\0", int(count))
        # Behind the interpreter's own.
        arguments = arguments[arguments.index(self._runner_name) :]
        script = arguments[1]
        if S not in files:
            files[S] = os.open(script, os.O_RDONLY)
        found = self._scripts.find(script, files[S])
        if found is None:
            found, is_known = self._scripts.look_at(script, files[S])
            if is_known:
                self._settle()
        place, shadowed, code = found
        if shadowed is not None:
            raise ImportError("the module %s beside it would not be found: another one is loaded" % shadowed)
        return code, arguments, place, folder, variables, limits

    def _settle(self):
        """What is there now is shared by all forks: none shall touch it for nothing."""
        self._threads.settle()
        self.known = ending.Known(self._had_warnings)
        gc.collect()
        self._ballast.append(holes.filling())
        if hasattr(gc, "freeze"):
            gc.freeze()

    def _begin(self, ticket, request, files):
        """In a fork: makes it what a cold run would be. What goes wrong is found again, and told, by a cold run.

        Returns the script's code if it is compiled, and the descriptor of the script if not.
        """
        # First: the system may give each session its share of the processors, and a host has but one.
        os.setsid()
        code, arguments, place, folder, variables, limits = request
        pid = b"%d" % os.getpid()
        try:
            self._threads.begin()
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
            self._environment.show()
            if limits:
                limit(*limits.split())
        except Exception as error:
            self._answer(b"D", ticket, pid, reason_of(error))
            os._exit(1)
        sys.argv[:] = [os.fsdecode(argument) for argument in arguments]
        if not getattr(sys.flags, "safe_path", False):
            sys.path[0] = place
        # From here on it is a run, and nobody's fork.
        self._answer(b"S", ticket, pid)
        self._channel.close()
        gc.enable()
        return code, files[S]

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
