"""Writes a row for each failure of a job into an SQLite database.

Many jobs may fail at once, and each of their callbacks is a process of its own. So each takes the database's write lock
before anything else, the table's creation included, and waits its turn for it. A run that is repeated, because it could
not be known whether it got this far, has the id it had before and adds no second row.
"""

import os
import sqlite3
import sys
from datetime import datetime, timezone

import qb

# A callback runs in its directory, which is no place for what it writes.
path = os.environ.get("FAILURES_DB", os.path.join(os.path.dirname(os.getcwd()), "failures.db"))

job = qb.jobinfo("-id", qb.jobid())[0]
row = (
    os.environ["UCB_RUN_ID"],
    datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
    job["id"],
    job.get("name", ""),
    job.get("user", ""),
    os.environ["UCB_EVENT"],
)

try:
    # isolation_level=None leaves transactions to us.
    database = sqlite3.connect(path, timeout=30, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    database.execute(
        "CREATE TABLE IF NOT EXISTS failures "
        "(runid TEXT PRIMARY KEY, time TEXT, jobid INTEGER, name TEXT, user TEXT, event TEXT)"
    )
    added = database.execute("INSERT OR IGNORE INTO failures VALUES (?, ?, ?, ?, ?, ?)", row).rowcount
    database.execute("COMMIT")
    database.close()
except sqlite3.Error as error:
    sys.exit("%s: %s (env.FAILURES_DB in callbacks.conf names another file)" % (path, error))

print("failure of job %s %s %s" % (job["id"], "written to" if added == 1 else "is already in", path))
