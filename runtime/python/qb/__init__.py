"""What a callback asks its supervisor.

    job = qb.jobinfo("-id", qb.jobid())[0]
    qb.unblock(job["id"])
    qb.workretry("%s:%s" % (job["id"], "frame 17"))

A callback may use `qb` without importing it; a process that it starts must import it. Whatever goes wrong raises
QBError.
"""

import os as _os
import sys as _sys
import time as _time

__all__ = ["QBError", "QB_TIME_EPOCH_OFFSET", "hostinfo", "jobid", "jobinfo", "submit"]

# Qube counts seconds from this Unix time on.
QB_TIME_EPOCH_OFFSET = 946702800


class QBError(Exception):
    """The supervisor refused, could not be reached, or was asked for something that makes no sense.

    `code` is stable and meant for programs: ERR_UCB_ACTION, ERR_UCB_ARGUMENT, ERR_UCB_BRIDGE.
    """

    def __init__(self, message, code="ERR_UCB_BRIDGE"):
        super().__init__(message, code)
        self.code = code

    def __str__(self):
        return self.args[0]


def jobid():
    """The id of the job this callback runs for; 0 for a global time event."""
    return int(_variable("UCB_JOB_ID"))


def jobinfo(*args, **keywords):
    """The records of the jobs that fit, as a list of dicts.

    jobinfo("-id", 5, 6, "-status", "running") or jobinfo(id=[5, 6], status="running"): a job must fit every field
    that is given, the values of a field are alternatives, and an empty list fits nothing. Fields are id, pgrp, status,
    user, name and label; filters={"priority": 9999} asks for any other. agenda=True, subjobs=True and callbacks=True
    (or "-agenda" and so on) include what is left out otherwise.

    In its first two seconds, and until it changes something, a callback gets its own job's record as it was when the
    callback was started, without a round trip; all else is answered by the supervisor.
    """
    from . import jobs

    return jobs.jobinfo(args, keywords)


def submit(job):
    """Hands a new job, a dict, to the supervisor and returns its record."""
    from . import bridge

    return bridge.change("submit", {"job": job})


def hostinfo(*args, **keywords):
    """The records of the hosts that fit, as a list of dicts; hostinfo("-name", "node1") or hostinfo(name="node1")."""
    from . import jobs

    return jobs.hostinfo(args, keywords)


def _verb(name):
    def verb(*ids):
        from . import bridge

        return bridge.perform(name, ids)

    verb.__name__ = verb.__qualname__ = name
    verb.__doc__ = "Asks to %s jobs 1001, subjobs '1001.2' or work items '1001:NAME'; returns the ids affected." % name
    return verb


def _work_verb(name):
    verb = _verb(name)
    verb.__doc__ = "Asks to %s work items '1001:NAME'; returns the ids affected." % name
    return verb


for _name in (
    "block unblock kill remove retry requeue complete retire fail suspend resume migrate preempt interrupt"
    " top bottom shove"
).split():
    globals()[_name] = _verb(_name)
    __all__.append(_name)
for _name in (
    "blockwork unblockwork killwork retrywork requeuework completework retirework failwork"
    " workblock workunblock workkill workretry workrequeue workcomplete"
).split():
    globals()[_name] = _work_verb(_name)
    __all__.append(_name)


class _Module(type(_sys)):
    @property
    def event(self):
        """The event that fired this callback: a dict of name, type, jobId, extra and text."""
        from . import document

        return document.event()


_sys.modules[__name__].__class__ = _Module

# All of the environment, in bytes, as it was at the start: a script may change it.
_variables = dict(_os.environb)
# What the runner found on stdin, as bytes; None in a process that the runner did not start.
_stdin = None
# Until this time, as time.monotonic() tells it, the record on stdin passes for the present one.
_fresh_until = 0.0


def _adopt(data):
    """A run begins. Forks of an interpreter that was started for others, too, get the same from the library that forks."""
    global _stdin, _fresh_until
    _stdin = data
    _fresh_until = _time.monotonic() + 2.0


def _variable(name):
    try:
        return _os.fsdecode(_variables[name.encode()])
    except KeyError:
        raise QBError("%s is not set: qb works in a callback that was started by its supervisor" % name) from None
