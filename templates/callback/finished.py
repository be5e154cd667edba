"""Tells how a job has ended.

`qb` is there without being imported; the import tells editors what it is. A callback is a process of its own: it may
block, use threads and exit. Exit status 0 is success, 75 asks to be tried again later, anything else is a failure.
"""

import os

import qb

job = qb.jobinfo("-id", qb.jobid())[0]
print("%s, %s!" % (os.environ.get("GREETING", "Hello"), job.get("user", "whoever you are")))
# Not every supervisor fills in every field.
print("Job %s, %s: %s." % (job["id"], job.get("name", "without a name"), qb.event["name"]))
