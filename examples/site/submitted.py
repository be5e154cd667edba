"""Writes a line for each job that arrives.

An exception would show in the job's log as well; whoever watches this one file sees it here.
"""

import os
import traceback

import qb

# A callback runs in its directory, which is no place for what it writes.
path = os.environ.get("SUBMITTED_FILE", os.path.join(os.path.dirname(os.getcwd()), "submitted.txt"))

try:
    job = qb.jobinfo("-id", qb.jobid())[0]
    line = "submitted %(id)s: %(name)s\n" % job
except Exception:
    line = traceback.format_exc()

# One write of a whole line to a file opened for appending: jobs that arrive together do not mix their lines.
with open(path, "a") as file:
    file.write(line)
