"""Renders the scene of one frame into a small grey image (PGM), and can be told to go wrong."""

import argparse
import json
import math
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--scene", required=True)
parser.add_argument("--output", required=True)
parser.add_argument("--frame", required=True)
parser.add_argument("--attempt", type=int, default=1)
parser.add_argument("--seconds", type=float, default=0.3, help="how long it takes at least")
parser.add_argument("--fail-first", default="", help="this frame's first attempt fails")
parser.add_argument("--empty-first", default="", help="this frame's first attempt ends well but writes nothing")
options = parser.parse_args()

SIZE = 48


def shade(x, y, scene):
    """Brightness of a ball, lit from the upper left, or of the ground behind it."""
    dx, dy = (x - scene["x"]) / scene["radius"], (y - scene["y"]) / scene["radius"]
    inside = 1 - dx * dx - dy * dy
    if inside < 0:
        return int(40 + 20 * y)
    return int(60 + 190 * max(0.0, (math.sqrt(inside) - dx - dy) / math.sqrt(3)))


with open(options.scene) as file:
    scene = json.load(file)
time.sleep(options.seconds)
if options.attempt == 1 and options.frame == options.fail_first:
    sys.exit("frame %s: no license left" % options.frame)
with open(options.output, "w") as file:
    if options.attempt == 1 and options.frame == options.empty_first:
        sys.exit(0)
    file.write("P2\n%d %d\n255\n" % (SIZE, SIZE))
    for row in range(SIZE):
        values = (shade(2 * column / SIZE - 1, 2 * row / SIZE - 1, scene) for column in range(SIZE))
        file.write(" ".join(str(value) for value in values) + "\n")
print("frame %s rendered" % options.frame)
