"""Forks for each run of a script, so many at a time, and does nothing else: what one would write by hand.

    python3 -u -B fork-loop.py MODULES SCRIPT INPUT OUTPUT COUNT WIDTH

Prints nanoseconds. With a width of 0 the runs come one after the other, each by a fork that waits for it already, and what
is printed is the time when each was asked for and the script's own stamp, a line each.
"""

import gc
import os
import sys
import time

modules, script, source, output, count, width = sys.argv[1:]
count, width = int(count), int(width)
sys.path.insert(0, modules)

# As the engine's own interpreters do.
import qb.bridge
import qb.document
import qb.jobs

with open(script, "rb") as file:
    code = compile(file.read(), script, "exec")
gc.collect()
gc.freeze()


def become():
    os.setsid()
    os.dup2(os.open(source, os.O_RDONLY), 0)
    log = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    exec(code, {"__name__": "__main__", "__file__": script})
    sys.stdout.flush()
    os._exit(0)


def start(gate=None):
    pid = os.fork()
    if pid == 0:
        try:
            if gate is not None:
                os.read(gate, 1)
            become()
        finally:
            os._exit(1)


def wait():
    _, status = os.wait()
    if status != 0:
        raise RuntimeError("%s ended with %d" % (script, status))


if width > 0:
    begin = time.monotonic_ns()
    for index in range(count):
        if index >= width:
            wait()
        start()
    for _ in range(min(count, width)):
        wait()
    print(time.monotonic_ns() - begin)
else:
    for _ in range(count):
        reader, writer = os.pipe()
        start(reader)
        time.sleep(0.005)
        asked = time.monotonic_ns()
        os.write(writer, b"x")
        wait()
        os.close(reader)
        os.close(writer)
        with open("stamp") as stamp:
            print(asked, stamp.read())
