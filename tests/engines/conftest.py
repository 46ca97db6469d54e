"""What the tests of the native engine share: the paths of this processor, digits of odd kinds, and how to compare."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "golden")]
