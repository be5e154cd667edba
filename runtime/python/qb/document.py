"""What the run was started with: the document on stdin, or else the environment."""

import json
import os
import time

import qb


def read():
    """A new copy of the document, or None where there is none that belongs to this run."""
    if qb._stdin is None:
        return None
    try:
        document = json.loads(qb._stdin.decode("utf-8"))
        return document if document["run"]["id"] == qb._variable("UCB_RUN_ID") else None
    except (ValueError, LookupError, TypeError, qb.QBError):
        return None


def own_record():
    """The record of the run's own job, a new dict, while it passes for the present one; else None."""
    if time.monotonic() > qb._fresh_until:
        return None
    document = read()
    return None if document is None else document.get("job")


def outdate():
    """Something was changed: from now on the supervisor is asked."""
    qb._fresh_until = 0.0


def event():
    document = read()
    if document is not None:
        return document["event"]
    text, name, kind, extra = (
        os.fsencode(qb._variable(variable)).decode("utf-8", "replace")
        for variable in ("UCB_EVENT", "UCB_EVENT_NAME", "UCB_EVENT_TYPE", "UCB_EVENT_EXTRA")
    )
    job = 0 if kind.startswith("global") else int(text.split("-", 3)[2])
    return {"name": name, "type": kind, "jobId": job, "extra": extra, "text": text}
