"""Prints the rows of the failure database as JSON, oldest first."""

import json
import sqlite3
import sys
from pathlib import Path

database = sqlite3.connect(Path(sys.argv[1]).resolve().as_uri() + "?mode=ro", uri=True)
database.row_factory = sqlite3.Row
rows = database.execute("SELECT * FROM failures ORDER BY time, jobid")
print(json.dumps([dict(row) for row in rows]))
