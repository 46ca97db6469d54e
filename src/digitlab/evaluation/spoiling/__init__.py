"""What corruptions do to pixels, each for many pictures at once. `digitlab.evaluation.corruptions` lists them.

Each takes pictures ``(N, 28, 28)`` as bytes and a key for each picture, ``(N,)``, from which all of its random numbers
follow (`chance.py`), and gives ``(N, 28, 28)`` floats in the range of bytes, which the caller rounds.
"""
