"""The tests. Here, before NumPy is loaded, each of its matrix products is given one thread, in every child as well.

Several processes test at the same time; with more threads than cores, products wait for their turn and burn time at it.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
