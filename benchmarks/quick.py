"""What the recipe `quick` reaches on the test digits with the seeds 0 to 4, and how long it takes.

python benchmarks/quick.py
"""

from __future__ import annotations

import time

import digitlab as dl

AIM = 0.98


def main() -> None:
    train, test = dl.load_mnist()
    reached = []
    for seed in range(5):
        recipe = dl.recipe("quick", seed=seed)
        network = recipe.new_network()
        began = time.perf_counter()
        dl.fit(network, train, recipe)
        seconds = time.perf_counter() - began
        reached.append(dl.evaluate(network, test).accuracy)
        print(f"seed {seed}   {reached[-1]:.4f}   {seconds:.2f} s", flush=True)
    print(f"at least {AIM:.1%} with {sum(one >= AIM for one in reached)} of {len(reached)} seeds")


if __name__ == "__main__":
    main()
