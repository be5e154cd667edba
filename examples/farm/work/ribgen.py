"""Writes the scene of one frame: where the ball is."""

import argparse
import json
import math

parser = argparse.ArgumentParser()
parser.add_argument("--frame", type=int, required=True)
parser.add_argument("--output", required=True)
options = parser.parse_args()

angle = options.frame * math.pi / 3
scene = {"frame": options.frame, "x": math.cos(angle) * 0.4, "y": math.sin(angle) * 0.4, "radius": 0.5}
with open(options.output, "w") as file:
    json.dump(scene, file)
print("scene of frame %d written" % options.frame)
