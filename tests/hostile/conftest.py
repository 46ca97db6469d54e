"""The tests here and the fuzzer share modules that are no package: their folder is where imports are looked for."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
collect_ignore_glob = ["f*.py"]  # the fuzzer, which `make soak` runs
