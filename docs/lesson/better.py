# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Is it really better?
#
# You change one thing, train again, and the accuracy is 0.15 points higher. Is that progress, or luck? Most of what is
# written about such changes never asks. This lesson does:
#
# - two networks on **the same pictures**, and a test with coins that you can do by hand,
# - **how large** the difference is, with an interval that says how much of it is luck with the pictures,
# - **another seed**, which can do as much as a good idea,
# - why **the test set is no place to choose**, and
# - whether a network that says "99 % sure" is right 99 times in 100.
#
# It is best to know [the classic experiment](classic.ipynb) first. All cells together take about half a minute.

# %% [markdown]
# ## 0. Getting ready
#
# Where `digitlab` is installed already, the next cell does nothing. On a hosted notebook service it is not installed
# yet. Then build it once, in a copy of its source code, with the command `make wheel`. This puts a file whose name
# begins with `digitlab-` and ends in `.whl` into the folder `dist`. Upload that file next to this notebook, and run the
# cell.

# %%
import importlib.util
import subprocess
import sys
from pathlib import Path

if importlib.util.find_spec("digitlab") is None:
    wheels = sorted(Path.cwd().glob("digitlab-*.whl"), key=lambda wheel: wheel.stat().st_mtime)
    if not wheels:
        raise RuntimeError(
            "digitlab is not installed here. Run `make wheel` in a copy of its source code, upload the file "
            f"dist/digitlab-...-any.whl to this notebook's folder ({Path.cwd()}), and run this cell again."
        )
    install = [sys.executable, "-m", "pip", "install", "--quiet", str(wheels[-1])]  # the newest one
    subprocess.run(install, check=True)
    importlib.invalidate_caches()

# %%
import math
import os

import numpy as np

import digitlab as dl
from digitlab.evaluation import (
    calibration_error,
    compare,
    coverage_curve,
    fit_temperature,
    mcnemar,
    predict_all,
    reliability,
    when_sure,
)
from digitlab.evaluation.seeds import Group, compare_groups
from digitlab.figures import draw_comparison, draw_coverage, draw_reliability, new_figure
from digitlab.figures.style import MUTED, RIGHT, WRONG, plain_axes

EPOCHS = int(os.environ.get("DIGITLAB_LESSON_EPOCHS", "10"))  # of each training

# %% [markdown]
# ## 1. Three networks
#
# To be quick, we learn from 10,000 of the training digits. Another 10,000 of them are set aside: the **validation**
# digits, with which we compare. The test set stays in its drawer until section 6; why, section 5 will show.

# %%
train, test = dl.load_mnist()
few, validation = train[: 1000 * EPOCHS], train[50_000:]


def learn(**changes):
    """Train the mini-batch recipe with some settings changed, and ask it about all validation digits."""
    recipe = dl.recipe("ladder-1-minibatch", epochs=EPOCHS, **changes)
    network = recipe.new_network()
    dl.fit(network, few, recipe)
    return network, predict_all(network, validation)


_, plain = learn()
_, wide = learn(layers=(784, 128, 10))  # twice as many hidden units
_, upright = learn(preprocessing="deskew")  # slanted digits are put upright before they are read

for name, answers in {"plain": plain, "wide": wide, "upright": upright}.items():
    print(f"{name:<8} {answers.right.mean():.2%} of {len(answers):,} validation digits right")

# %% [markdown]
# The upright one is clearly ahead, the wide one a hair behind. Is more than nothing behind the hair?

# %% [markdown]
# ## 2. The same pictures
#
# Do not compare two percentages: compare picture by picture. Most pictures are read rightly by both, and some by
# neither. These say nothing about who is better. What counts are the pictures that **only one of the two** reads
# rightly.

# %%
found = compare(plain, wide, ("plain", "wide"))

print(f"both right   {found.both:6,}")
print(f"only plain   {found.only_a:6,}")
print(f"only wide    {found.only_b:6,}")
print(f"neither      {found.neither:6,}")

# %% [markdown]
# Now imagine that both are equally good. Then each picture in the two middle rows went to one or the other as a coin
# falls: heads or tails. So the question becomes one about coins: **if we throw so many coins, how often do they fall as
# unevenly as this, or more so?** That is McNemar's test, and its answer is called $p$. With $n$ coins, of which the
# rarer side shows $k$,
#
# $$p = 2 \cdot \frac{\binom{n}{0} + \binom{n}{1} + \dots + \binom{n}{k}}{2^n}.$$
#
# (The 2 in front counts both sides: it could have been the other way round.) Ten lines of newspaper statistics are not
# worth more than this one fraction.


# %%
def coins(only_a, only_b):
    """How often coins fall so unevenly, or more."""
    n, k = only_a + only_b, min(only_a, only_b)
    return min(1, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n)


for pair in [(8, 2), (80, 20), (found.only_a, found.only_b)]:
    print(f"{pair[0]} against {pair[1]}: p = {coins(*pair):.2g}")

print("agrees with the library:", math.isclose(coins(8, 2), mcnemar(8, 2)))

# %% [markdown]
# Eight against two looks like a victory, and yet fair coins do that about one time in nine. Eighty against twenty is
# another matter. By custom, a difference **counts where p is below 0.05**: luck alone gets there one time in twenty.
# Remember the one time in twenty; we shall meet it again.

# %% [markdown]
# ## 3. How large is it?
#
# That $p$ is small says only that there *is* a difference. Whether it is worth anything, its size tells. To see how
# much of that is luck with the pictures, we play a game called **bootstrap**: draw 10,000 pictures from our 10,000, and
# put each back before the next, so that some come twice and others never. Then look at the difference again. And
# again, a thousand times.

# %%
rng = np.random.default_rng(0)
change = upright.right.astype(int) - plain.right  # for each picture +1, 0 or -1
games = [100 * change[rng.integers(len(change), size=len(change))].mean() for _ in range(1000)]

print(f"{100 * change.mean():+.2f} points; in 95 % of the games {np.quantile(games, 0.025):.2f} "
      f"to {np.quantile(games, 0.975):.2f}")  # fmt: skip

# %% [markdown]
# That is the 95 % interval. The library plays ten thousand games, and puts all of it into one sentence:

# %%
pairs = [compare(plain, wide, ("plain", "wide")), compare(plain, upright, ("plain", "upright"))]
for pair in pairs:
    print(pair.sentence)

# %%
draw_comparison(pairs, validation)

# %% [markdown]
# The bar of "wide" crosses 0, so nobody knows; the bar of "upright" is far from it. Below are some of the pictures that
# changed sides. Do the ones that only "upright" can read have something in common?

# %% [markdown]
# ## 4. Another seed
#
# The seed decides which random weights a training begins with, and in which order it sees its digits. It is no idea,
# and no progress. Watch what it can do:

# %%
_, other = learn(seed=1)
print(compare(plain, other, ("seed 0", "seed 1")).sentence)

# %% [markdown]
# The coins even say that this difference counts! They are not wrong: *this* network may really be better than *that*
# one. But we did not want to know about two networks. We wanted to know about two **recipes**, and a recipe makes
# another network with each seed. So train each with several seeds, and compare the groups. The question here: are He's
# first weights better than LeCun's?

# %%
SEEDS = range(5)
accuracies = {}
for first in ("lecun", "he"):
    accuracies[first] = [learn(initializer=first, seed=seed)[1].right.mean() for seed in SEEDS]

figure = new_figure(7, 2.4, "Two recipes, five seeds each", "Look at how far the dots of one row are apart.")
axes = figure.subplots()
for row, found in enumerate(accuracies.values()):
    axes.plot(100 * np.array(found), [row] * len(found), "o", color=(WRONG, RIGHT)[row], alpha=0.7)
    axes.plot(100 * np.mean(found), row, "|", color=(WRONG, RIGHT)[row], markersize=26, markeredgewidth=2)
axes.set_yticks([0, 1], accuracies)
axes.set_ylim(1.6, -0.6)
plain_axes(axes, "% of the validation digits right; a dot for each seed, a line for their mean")
figure

# %%
names = tuple(f"seed {seed}" for seed in SEEDS)
print(compare_groups(*(Group(first, names, tuple(found)) for first, found in accuracies.items())).sentence)

# %% [markdown]
# Where the two clouds of dots overlap like this, one run of each would have told you whatever the seeds had liked to
# tell. **One training beside one training says little about two recipes.**

# %% [markdown]
# ## 5. Why the test set is no place to choose
#
# Here is a trap that experienced people fall into. We train many networks that differ in *nothing but the seed*, so
# none of their recipes is better than the others. Then we do what everybody does: look at the test accuracy of each,
# and keep the best one.
#
# As a stand-in for a small test set we take 500 of the validation digits. The other 9,500 will tell the truth.

# %%
looked_at, truth = [], []
for seed in range(24):
    recipe = dl.recipe("minibatch", epochs=EPOCHS, learning_rate=0.05, seed=seed)
    network = recipe.new_network()
    dl.fit(network, train[:2000], recipe)
    right = predict_all(network, validation).right
    looked_at.append(100 * right[:500].mean())
    truth.append(100 * right[500:].mean())
best = int(np.argmax(looked_at))

figure = new_figure(6.4, 4.6, "The winner's luck", "The winner is the furthest to the right. Is it above the others?")
axes = figure.subplots()
axes.plot(looked_at, truth, "o", color=MUTED)
axes.plot(looked_at[best], truth[best], "o", color=WRONG, markersize=10)
axes.annotate("the winner ", (looked_at[best], truth[best]), ha="right", va="top", color=WRONG)
plain_axes(axes, "% right of the 500 digits that we chose by", "% right of 9,500 other digits")
figure

# %%
gained = looked_at[best] - np.mean(looked_at)
kept = truth[best] - np.mean(truth)
print(f"chosen by 500 digits, the winner looks {gained:.1f} points better than the average")
print(f"on other digits it is {kept:+.1f} points from the average")

# %% [markdown]
# The winner's lead was luck with those 500 digits, and on others it is gone. Nobody cheated. **Whoever looks
# at a test set and keeps what looks good has trained on it**, with himself as the optimizer. And the coins of section 2
# do not help: of twenty ideas that do nothing, one will have $p < 0.05$.
#
# So there are two rules. Choose with validation digits, as often as you like. Ask the test set **once**, at the end.

# %% [markdown]
# ## 6. When it is sure
#
# Accuracy is not all. A network also says how probable its answer is, and whoever reads cheques with it wants to know:
# of the answers that it calls 90 % sure, are 90 % right? We take a stronger network for that, and open the drawer with
# the test set, for it alone.

# %%
recipe = dl.recipe("ladder-4-momentum", epochs=EPOCHS)
strong = recipe.new_network()
dl.fit(strong, few, recipe)
answers = predict_all(strong, test)

draw_reliability(reliability(answers.probabilities, answers.labels))

# %% [markdown]
# Each dot gathers the answers of which it was about as sure. On the dashed line it would be right just as often as it
# says. Below the line it is too sure of itself, as networks that learnt their own digits by heart usually are. The
# mean distance from the line is the **calibration error**.
#
# There is a simple cure. Divide all logits by one number, the **temperature**, before softmax: above 1 it makes the
# network more modest, and no answer changes. Which number? The one that suits the *validation* digits best.

# %%
checked = predict_all(strong, validation)
temperature = fit_temperature(checked.logits, checked.labels)


def softmax(z):
    """Rows of logits to rows of probabilities."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


modest = softmax(answers.logits / temperature)
print(f"temperature {temperature:.2f}")
print(f"calibration error before: {calibration_error(answers.probabilities, answers.labels):.2%}")
print(f"calibration error after:  {calibration_error(modest, answers.labels):.2%}")

# %% [markdown]
# What is such a number good for? The network may say "I am not sure, ask a person". Then fewer and fewer of its answers
# are wrong:

# %%
draw_coverage(coverage_curve(answers))

# %%
for threshold in (0.5, 0.9, 0.99):
    sure = when_sure(answers, threshold)
    print(f"at least {threshold:.0%} sure: {sure.share:.1%} of the digits, of these {sure.accuracy:.2%} right")

# %% [markdown]
# ## 7. Your turn
#
# 1. How many coins would "8 against 2" need, at the same ratio, until $p$ is below 0.05? Find out with `coins`.
# 2. Train `wide` with five seeds, as in section 4. Is it better than `plain`, or is it still noise?
# 3. In section 5, choose by 5,000 digits instead of 500. What becomes of the winner's luck, and why?
# 4. Fit the temperature on `few`, the digits that the network learnt from. Why is that a bad idea?
# 5. A friend has tried fifty settings and shows you the best one, with its accuracy on the test set. What do you ask?
#
# On the command line the same questions are asked by
# [`digitlab compare`](../how-to/compare.md) and `digitlab calibrate`.
