"""How long reading takes, and how much memory, on one core: photographs made here, and a drawing; in new processes.

`reading.py --speed` prints it. Times are medians of the processor's time; the memory is the most that the process had.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from asking import HERE

PAGES = {  # lines, digits of each, and their height; 4000 x 3000 pixels, as phones have
    "12 megapixels, one number": ((1, 5, 260), 0.7, 500),
    "12 megapixels, 200 digits": ((20, 10, 85), 2.0, 500),
}
CANVAS = "a drawing of 280 x 280"
RUNS = 5
MAKING = """
import sys
from pathlib import Path
from tests.reading.photographs import page

lines, digits, height = map(int, sys.argv[2:])
Path(sys.argv[1]).write_bytes(page(0, lines, digits, height, (4000, 3000)).jpeg)
"""
READING = f"""
import json, resource, statistics, sys, time
import digitlab as dl

def seconds(work):
    taken = []
    for _ in range({RUNS}):
        began = time.process_time()
        answer = work()
        taken.append(time.process_time() - began)
    return statistics.median(taken), answer

taken, reading = seconds(lambda: dl.read(sys.argv[1]))
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({{"seconds": taken, "megabytes": memory, "text": reading.text}}))
"""
DRAWING = """
import json, statistics, time
import numpy as np
import digitlab as dl
from digitlab.reading import draw, prepare

network = dl.load("standard")
canvas = np.zeros((280, 280), np.uint8)
drawn = draw([[[10, 10], [50, 12], [30, 80]], [[22, 45], [45, 44]]], width=12)
canvas[90 : 90 + drawn.shape[0], 110 : 110 + drawn.shape[1]] = drawn
taken = []
for _ in range(200):
    began = time.process_time()
    probabilities = network.probabilities(prepare(canvas).pixels)
    taken.append(time.process_time() - began)
print(json.dumps({"seconds": statistics.median(taken), "digit": int(probabilities.argmax())}))
"""


def run(program: str, *arguments: str) -> dict[str, float]:
    environment = os.environ | {"DIGITLAB_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True, env=environment
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def bar(value: float, most: float) -> str:
    return f"(bar {most:g}: {'met' if value <= most else 'MISSED'})"


def speed() -> dict[str, dict[str, float]]:
    """The figures, printed as they come."""
    figures = {}
    for name, ((lines, digits, height), seconds, megabytes) in PAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder) / "page.jpg"
            make = [sys.executable, "-c", MAKING, str(picture), str(lines), str(digits), str(height)]
            subprocess.run(make, check=True, cwd=HERE.parent)  # not here: a new process begins with this one's peak
            found = figures[name] = run(READING, str(picture))
        print(f"  {name:<28}{found['seconds']:7.2f} s  {bar(found['seconds'], seconds)}", end="")
        print(f"{found['megabytes']:7.0f} MB at most {bar(found['megabytes'], megabytes)}")
    found = figures[CANVAS] = run(DRAWING)
    print(f"  {CANVAS:<28}{1000 * found['seconds']:7.2f} ms {bar(1000 * found['seconds'], 3)}")
    return figures


if __name__ == "__main__":
    speed()
