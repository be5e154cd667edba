"""Puts the images of all frames (PGM, of one size) side by side into one."""

import sys


def read(path):
    with open(path) as file:
        magic, width, height, most, *values = file.read().split()
    if magic != "P2":
        sys.exit("%s is no image" % path)
    width = int(width)
    return [values[start : start + width] for start in range(0, width * int(height), width)]


output, *inputs = sys.argv[1:]
images = [read(path) for path in inputs]
rows = [sum(parts, []) for parts in zip(*images)]
with open(output, "w") as file:
    file.write("P2\n%d %d\n255\n" % (len(rows[0]), len(rows)))
    for row in rows:
        file.write(" ".join(row) + "\n")
print("%d frames put together" % len(images))
