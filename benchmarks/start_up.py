"""How long a person waits before anything happens: importing, asking for help, loading MNIST. Warm, in new processes.

python benchmarks/start_up.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 9
MEASURED = {
    "python -c pass": "pass",
    "import digitlab": "import digitlab",
    "digitlab --help": "import sys; sys.argv = ['digitlab', '--help']; from digitlab.cli import main; main()",
}
LOADING = """
import time, digitlab as dl
began = time.perf_counter()
dl.load_mnist()
print(time.perf_counter() - began)
"""
BARS = {"import digitlab": 0.25, "digitlab --help": 0.5, "dl.load_mnist()": 0.6}


def whole_process(program: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def loading() -> float:
    return float(subprocess.run([sys.executable, "-c", LOADING], check=True, capture_output=True).stdout)


def main() -> None:
    print(f"{RUNS} runs each, in seconds: minimum, median, maximum")
    for name, program in MEASURED.items():
        whole_process(program)  # warm: files in the cache, byte code compiled
        report(name, [whole_process(program) for _ in range(RUNS)])
    report("dl.load_mnist()", [loading() for _ in range(RUNS)])


def report(name: str, seconds: list[float]) -> None:
    bar = f"   (bar: {BARS[name]})" if name in BARS else ""
    print(f"  {name:<16} {min(seconds):6.3f} {statistics.median(seconds):6.3f} {max(seconds):6.3f}{bar}")


if __name__ == "__main__":
    main()
