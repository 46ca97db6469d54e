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
# # Why did it get this one wrong?
#
# The network that comes with `digitlab` reads 9,952 of the 10,000 test digits rightly. This lesson is about the other
# 48. A mistake teaches more than ten right answers, if one asks it the right questions:
#
# - **which** ones are they, and how sure was it?
# - is it **the network** that is wrong, or the label?
# - what have the mistakes of one kind **in common**, and what did it see before that looks like them?
# - how **little** would have to change, until it is right?
# - what **else** would it get wrong: worse pictures, and pictures made on purpose?
#
# It is best to know [the classic experiment](classic.ipynb) first. Nothing is trained here, and all cells together take
# some seconds.

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
import os

import numpy as np

import digitlab as dl
from digitlab.evaluation import CORRUPTIONS, cell_of, corrupt, predict_all
from digitlab.evaluation.attacks import fgsm
from digitlab.evaluation.mistakes import mistakes
from digitlab.figures import draw_corruptions, new_figure
from digitlab.figures.style import SIGNED, plain_axes
from digitlab.inside import find_counterfactual

HUNDREDS = int(os.environ.get("DIGITLAB_LESSON_EPOCHS", "10"))  # of pictures that are spoiled in sections 5 and 6

# %% [markdown]
# ## 1. All mistakes, surest first
#
# Ask it about every test digit, and sort the wrong answers by how sure it was. The top of this list is where it hurts:
# there it had no doubt.

# %%
train, test = dl.load_mnist()
network = dl.load("standard")
answers = predict_all(network, test)
wrong = mistakes(answers)

print(f"{len(wrong)} of {len(test):,} are read wrongly, {answers.right.mean():.2%} rightly")


# %%
def show(pictures, words, columns=8, title="", look=""):
    """Pictures with some words below each."""
    rows = -(-len(pictures) // columns)
    figure = new_figure(1.3 * columns, 1.75 * rows + 0.7, title, look)
    for axes, picture, said in zip(figure.subplots(rows, columns).flat, pictures, words, strict=False):
        axes.imshow(picture, cmap="gray")
        axes.set_xlabel(said, fontsize=9)
        axes.set(xticks=[], yticks=[])
    return figure


top = wrong[:16]
figure = show(
    [test.images[one.index] for one in top],
    [f"a {one.label}, read as {one.predicted}\n{one.confidence:.1%} sure" for one in top],
    title="The mistakes of which it was surest",
    look="Before you read the words: what would you have said?",
)
figure

# %% [markdown]
# Did you agree with all the labels? If not, you are in good company.

# %% [markdown]
# ## 2. Who is wrong?
#
# In 2021 Northcutt, Athalye and Mueller looked for label errors in famous test sets. Of MNIST they showed suspicious
# digits to five people each, and 15 of the 10,000 labels did not find three who agreed with them. `digitlab` knows
# these 15, and marks them:

# %%
for one in wrong:
    if one.label_error:
        print(f"test digit {one.index}: label {one.label}, read as {one.predicted}; {one.label_error.note}")

# %% [markdown]
# So a sixth of its 48 mistakes are pictures about whose label people disagree, and in some of them the network says
# just what most people say. Two lessons follow.
#
# - **No score of 100 % is to be had here**, and whoever reports one has either learnt the errors by heart or cheated.
# - The **better** a network is, the larger the part of its "mistakes" that are none. Never read the last few errors as
#   a list of faults without looking at the pictures.
#
# May we now correct the labels and be proud of a higher score? Only if we had looked at *all* labels with the same
# care. We looked where the network disagreed, so whatever we correct will speak for it.

# %% [markdown]
# ## 3. What have they in common?
#
# Mistakes come in kinds. The most frequent one here is a 9 that is taken for a 7. Let us open that cell of the
# confusion matrix:

# %%
cell = cell_of(network, answers, train, true=9, predicted=7)
figure = show(
    [*(test.images[index] for index in cell.indices), cell.mean],
    [*(f"test digit {index}" for index in cell.indices), "their average"],
    columns=len(cell.indices) + 1,
    title="Nines that are taken for sevens",
    look="Look at the loops: how much is left of them?",
)
figure

# %% [markdown]
# A 9 is a 7 with a loop. Where the loop is small, flat or faint, there is little left to tell them apart.
#
# What does the network know of nines and sevens? Only what it saw: 60,000 training digits. So ask for the training
# digits that lie **nearest** to these pictures, pixel by pixel, once among the nines and once among the sevens.

# %%
pictures, words = [], []
for one in cell.nearest[:3]:
    pictures += [one.picture, *(near.picture for near in (*one.of_true, *one.of_predicted))]
    words += ["the mistake", *(f"a 9, {near.distance:.1f} away" for near in one.of_true)]
    words += [f"a 7, {near.distance:.1f} away" for near in one.of_predicted]

figure = show(
    pictures,
    words,
    columns=7,
    title="The nearest training digits of both classes",
    look="Each row begins with a mistake. On which side are the distances smaller?",
)
figure

# %% [markdown]
# The first two have a nine that is nearer than any seven: whoever just took the nearest training digit would read them
# rightly. But the network does not compare. It has learnt weights that are right *on the whole*, and has forgotten the
# digits.
#
# So what did its units say? Each of them pushes the answer towards the 7 or towards the 9, as in
# [What did it learn?](learned.ipynb). Compare with what they do on all other nines:

# %%
print(f"the 7 leads by {cell.lead:+.2f} here; over all nines, the 9 leads: {cell.usual_lead:+.2f}")
for unit in cell.units[:5]:
    print(f"unit {unit.unit:3} pushes by {unit.push:+.2f} towards the 7, usually {unit.usual:+.2f}")
print(f"the ten strongest make up {cell.explained:.0%} of the difference")

# %% [markdown]
# Most of them are not units that shout "seven". They are units that usually speak for the nine, and **say nothing**
# here: the loop that they wait for is not there.

# %% [markdown]
# ## 4. How little would have to change?
#
# Here is a question that you can ask any judge: *what would have to be different, for you to say something else?* The
# smallest such change is called a **counterfactual**. The gradient shows where to look for it.

# %%
first = wrong[0]
found = find_counterfactual(network, test.images[first.index], becomes=first.label)

figure = new_figure(8, 3.4, "What would make it right?", "Look at the middle: red pixels get more ink, blue ones less.")
axes = figure.subplots(1, 3)
axes[0].imshow(found.before, cmap="gray")
axes[1].imshow(found.change, cmap=SIGNED, vmin=-found.greatest, vmax=found.greatest)
axes[2].imshow(found.after, cmap="gray")
for each, said in zip(axes, (f"read as {found.digit}", "the change", f"read as {found.becomes}"), strict=True):
    each.set_xlabel(said)
    each.set(xticks=[], yticks=[])
figure

# %%
sure = test.images[0]
other = find_counterfactual(network, sure)
between = np.linalg.norm((test.images[0].astype(float) - test.images[1]) / 255)
print(f"this mistake: a change of length {found.distance:.2f} makes it right, {found.greatest:.0%} of a pixel at most")
print(f"a clear {other.digit}: a change of length {other.distance:.2f} makes a {other.becomes} of it")
print(f"from that {other.digit} to the next test digit it is {between:.1f}")

# %% [markdown]
# The middle picture is hard to believe: so little. The mistake was a near thing. But look at the second line: also a
# picture that it reads with full confidence is only a small step from being read wrongly. A person would not even see
# that step. Keep this in mind for section 6.

# %% [markdown]
# ## 5. Worse pictures
#
# Test digits are clean. Pictures from the world are not: the camera shakes, there is fog, somebody drew a line across.
# Mu and Gilmer chose 15 such corruptions in 2019 and called the set MNIST-C. How much of its 99.5 % is left?

# %%
few = test[: 100 * HUNDREDS]
draw_corruptions(few.images)

# %%
left = {name: (network.predict(corrupt(few.images, name)) == few.labels).mean() for name in CORRUPTIONS}
for name, share in sorted(left.items(), key=lambda one: -one[1]):
    print(f"{share:7.1%}  {name:<14} {CORRUPTIONS[name].about}")

# %% [markdown]
# Look at both ends of this list. Turned, slanted, shrunk: hardly any harm, since it was trained with digits that were
# turned and slanted. Brighter, striped, foggy: it breaks down, though *you* read these without effort. A network is
# robust against what it has met, and against nothing else. "99.5 %" is a sentence about clean digits.

# %% [markdown]
# ## 6. Pictures made on purpose
#
# Corruptions hit at random. What if somebody wants to do harm, and knows the network? Then he need not guess: the
# gradient of the loss says for each pixel whether more ink or less makes things worse. Change **every** pixel a little
# in its bad direction, by the same small $\varepsilon$:
#
# $$x' = x + \varepsilon \cdot \operatorname{sign}\left(\frac{\partial L}{\partial x}\right).$$
#
# This is the *fast gradient sign method* (Goodfellow, Shlens and Szegedy, 2015). For comparison, we change every pixel
# by the same amount, but let a coin choose the direction.

# %%
x = dl.normalize(few.images).reshape(len(few), 784)  # what the network sees
coin = np.random.default_rng(0).choice(np.array([-1, 1], np.float32), x.shape)
sizes = (0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)


def accuracy(pictures):
    """The share that is read rightly."""
    return 100 * (network.predict(pictures) == few.labels).mean()


by_gradient = [accuracy(fgsm(network, x, few.labels, size)) for size in sizes]
by_coin = [accuracy(np.clip(x + np.float32(size) * coin, 0, 1)) for size in sizes]

title, look = "The same change, by chance and on purpose", "Look at 0.1: one curve has hardly begun to fall."
figure = new_figure(6.4, 3.8, title, look)
axes = figure.subplots()
axes.plot(sizes, by_coin, "o--", color="#2b6cb0", label="a coin chooses each direction")
axes.plot(sizes, by_gradient, "o-", color="#c05621", label="the gradient chooses")
axes.legend(frameon=False)
plain_axes(axes, "by how much each pixel is changed (1 is full ink)", "% read rightly")
figure

# %%
size = 0.1
hit = fgsm(network, x, few.labels, size)
fallen = np.flatnonzero((network.predict(x) == few.labels) & (network.predict(hit) != few.labels))[:8]
figure = show(
    hit[fallen].reshape(-1, 28, 28),
    [f"a {few.labels[one]}, read as {network.predict(hit[one])}" for one in fallen],
    title=f"Every pixel changed by {size:g}, on purpose",
    look="Can you read them? The network cannot.",
)
figure

# %% [markdown]
# For us these are dirty digits. The network is lost. It did not learn what a digit *is*; it learnt sums that are right
# for the pictures that there were. In 784 dimensions there are very many directions to go, a coin hardly ever finds a
# bad one, and the gradient finds it at once: 784 tiny pushes that all go the same way add up.

# %% [markdown]
# ## 7. Your turn
#
# 1. Open another cell with `cell_of`: fives that are taken for threes. What have *they* in common?
# 2. Take a picture with a disputed label and find its counterfactual. Is the change smaller than others?
# 3. Make the digits brighter by 20 of 255 instead of what `brightness` does. When does the network begin to fail?
# 4. How large must `size` be in section 6, until *you* have trouble?
# 5. Train [the ladder's](ladder.ipynb) rung 3 and attack it as well. Is the network that is right more often also the
#    one that is harder to fool?
#
# On the command line: `digitlab robustness MODEL`. In [the lab](../how-to/lab.md), the room *Judge* opens every cell.
