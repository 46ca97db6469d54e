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
# # The ladder: from the classic experiment to a strong network, one change at a time
#
# The classic experiment reads nine digits in ten. Networks of the same kind, with a single hidden layer, have been
# known for twenty years to read more than 99 in a hundred. What lies between them is not one idea but a row of small
# ones. Each is easy to understand, and most are a single line in a recipe.
#
# This lesson climbs that row. On each rung you see
#
# - **what changes**, as the difference of two recipes,
# - **why** it should help, and **what it costs**,
# - **what it does** in a training that you can wait for, and
# - **where it did not help**. Not every good idea helps everywhere, and a ladder that hides this teaches little.
#
# It is best to know [the classic experiment](classic.ipynb) first. All cells together take about half a minute.

# %% [markdown]
# ## 0. Getting ready
#
# Where `digitlab` is installed already, the next cell does nothing. On a hosted notebook service it is not installed
# yet. Then build it once, in a copy of its source code, with the command `make wheel`. This puts a file whose name
# begins with `digitlab-` and ends in `.whl` into the folder `dist`. Upload that file next to this notebook, together
# with `ladder.json`, and run the cell.

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
import time

import digitlab as dl
from digitlab.reproduction import draw_table, read_table
from digitlab.training.augment import distortion_of

EPOCHS = int(os.environ.get("DIGITLAB_LESSON_EPOCHS", "10"))  # of each rung here; the whole recipes take 30

# %% [markdown]
# ## 1. How to climb
#
# The rungs are ten recipes that come with `digitlab`. They have the same seed, and each changes one thing of the one
# before.

# %%
rungs = {name: dl.recipe(name) for name in dl.named_recipes() if name.startswith("ladder-")}


def changes(before, after):
    """The settings that one recipe has otherwise than another."""
    theirs = vars(before)
    return {name: value for name, value in vars(after).items() if theirs[name] != value}


above = list(rungs)[1:]
for before, after in zip(rungs, above, strict=False):
    print(f"{after:<20} {changes(rungs[before], rungs[after])}")

# %% [markdown]
# The whole ladder takes some minutes for each seed. So here we train on a sixth of the digits, and for a third of the
# epochs. That is enough to see most of the effects, and section 12 has a longer climb.
#
# Which digits should we measure with? Not the test set. Whoever looks at it after each change, and keeps what looks
# good, has begun to train on it, with himself as the optimizer. So we set 10,000 *training* digits aside, the
# **validation** digits, and measure with these. The test set answers once, at the end.

# %%
train, _ = dl.load_mnist()
few, validation = train[:10_000], train[50_000:]


def climb(name, epochs=EPOCHS):
    """Train one rung, shortened, and say how many of the validation digits it misreads."""
    recipe = dl.recipe(name, epochs=epochs)
    network = recipe.new_network()
    began = time.perf_counter()
    history = dl.fit(network, few, recipe)
    seconds = time.perf_counter() - began
    misread, own = 1 - dl.evaluate(network, validation).accuracy, 1 - history.epochs[-1].accuracy
    print(f"{name}: {misread:.2%} of the validation digits misread, {own:.2%} of its own; {seconds:.1f} s")


# %% [markdown]
# "Of its own" means: of the digits that it was trained on, as they came by in the last epoch. Keep an eye on both.
# While they are alike, the network could learn more. Where it misreads none of its own and many of the others, it has
# learnt by heart.

# %% [markdown]
# ## 2. Rung 0: the classic experiment
#
# 64 sigmoid units, and a step only after all digits were looked at. One epoch is one step, so even a hundred epochs are
# a short way.

# %%
climb("ladder-0-seed", epochs=10 * EPOCHS)

# %% [markdown]
# ## 3. Rung 1: mini-batches
#
# **What.** A step after every 64 digits instead of after all of them.
#
# **Why.** The gradient of 64 digits points roughly the same way as that of all. It is noisy, but there is a step after
# a thousandth of the work. A map drawn in a second that is right on the whole beats a perfect one that takes a quarter
# of an hour, if you can draw a new one at each corner.
#
# **What it costs.** Many small steps keep a computer less busy than a few large products, so an epoch takes a few times
# as long. And the noise never quite dies: at the end the network trembles about its goal. Rung 9 comes back to that.

# %%
climb("ladder-1-minibatch")

# %% [markdown]
# No other rung gains as much: from three digits in ten that are misread to one in ten, with a tenth of the epochs.

# %% [markdown]
# ## 4. Rung 2: larger first weights
#
# **What.** The first weights are random numbers. LeCun's rule gives them a spread of $1/\sqrt{n}$, where $n$ is the
# number of inputs; He's rule gives $\sqrt{2/n}$.
#
# **Why.** A unit adds up $n$ products. If the weights are too small, the signal fades from layer to layer, and the
# gradient fades on its way back. If they are too large, sigmoid units are stuck at 0 or 1. He's rule is made for ReLU
# units, which are off half of the time: it makes up for the half that is lost.
#
# **What it costs.** Nothing.

# %%
for name in ("ladder-1-minibatch", "ladder-2-he"):
    W1 = rungs[name].new_network().W1
    print(f"{name}: spread {W1.std():.4f}, the rule says {math.sqrt((2 if 'he' in name else 1) / 784):.4f}")

climb("ladder-2-he")

# %% [markdown]
# **Where it did not help: here.** The difference is tiny. With one hidden layer of sigmoid units both rules work. This
# rung gets the ladder ready for the next one, for which LeCun's weights would be too small.

# %% [markdown]
# ## 5. Rung 3: ReLU
#
# **What.** $\max(0, z)$ in place of the sigmoid curve.
#
# **Why.** The gradient of a weight in the first layer is multiplied by the slope of the unit behind it. The sigmoid's
# slope is $\tfrac14$ at most, and nearly 0 wherever the unit is sure. ReLU's slope is 1 wherever the unit is on.
#
# **What it costs.** Nothing: a comparison is cheaper than an exponential. But a unit that is off for every digit gets
# no gradient, and never comes back. With too large a rate many units die like this.

# %%
climb("ladder-3-relu")

# %% [markdown]
# ## 6. Rung 4: momentum
#
# **What.** A step is no longer the gradient alone, but also nine tenths of the step before: a heavy ball rolls down the
# valley instead of a careful walker.
#
# **Why.** In a narrow valley plain steps go to and fro between its sides. The ball's sideways pushes cancel out, and
# those along the valley add up, to ten times the size in the end. Therefore this rung also takes a third of the rate.
# That belongs to the change: with the old rate one would compare a heavy ball with one that is thrown.
#
# **What it costs.** A second number for each weight.

# %%
climb("ladder-4-momentum")

# %% [markdown]
# Now the network misreads about 2 % of its own digits, and 5 % of the others. It begins to learn by heart.

# %% [markdown]
# ## 7. Rung 5: Adam
#
# **What.** Each weight gets a rate of its own: where gradients are large, steps are cut, and where they are small they
# are stretched.
#
# **Why.** The weights of a pixel near the border see ink a few times an epoch, those in the middle all the time. One
# rate for all is too small for the first or too large for the others.
#
# **What it costs.** A third number for each weight, and a little time.

# %%
climb("ladder-5-adam")

# %% [markdown]
# **Where it did not help: here.** Adam comes out behind the ball of rung 4, by both numbers. On so simple a task,
# momentum with a rate that somebody chose well is hard to beat. What people love Adam for is that its usual rate of
# 0.001 works nearly everywhere, without choosing: all rungs above this one keep it.

# %% [markdown]
# ## 8. Rung 6: wider
#
# **What.** 800 hidden units instead of 64.
#
# **Why.** More units are more strokes and gaps that can be looked for. One would expect a network of 636,010 numbers to
# learn 10,000 digits by heart and to fail at all others. It does the first, and not the second: among the many ways to
# get the training digits right, these small steps from small weights find one that is smooth.
#
# **What it costs.** Twelve times the arithmetic, and a file of 2.5 MB instead of 0.2.

# %%
for name in ("ladder-5-adam", "ladder-6-wider"):
    print(f"{name}: {rungs[name].new_network().parameters.size:,} parameters")

climb("ladder-6-wider")

# %% [markdown]
# Look at the second number: hardly one of its own digits is misread any more. It knows them by heart, and a better
# optimizer or more units have nothing left to learn from. What is missing is more digits.

# %% [markdown]
# ## 9. Rung 7: digits turned, slanted and stretched
#
# **What.** Each digit is turned, slanted, stretched and moved by a little before it is learnt, and by another little in
# every epoch.
#
# **Why.** A five that leans by ten degrees is still a five. You know that; the network does not, unless it sees it. So
# we write more digits, at no cost but arithmetic. No picture comes twice, and so there is nothing to learn by heart.

# %%
dl.draw_distortions(few.images[0], distortion_of(rungs["ladder-7-affine"]))

# %%
climb("ladder-7-affine")

# %% [markdown]
# The two numbers are alike again. Its own digits now come distorted, which makes them *harder* than the others, and
# nothing of them can be learnt by heart.
#
# **What it costs.** Some time for the distortions, and above all patience: what cannot be learnt by heart is learnt
# slowly. In ten epochs a good part of the gain is not there yet.

# %% [markdown]
# ## 10. Rung 8: digits of rubber
#
# **What.** On top of it, every pixel is moved by a little field of its own, as if the digit were drawn on rubber and
# somebody pulled at it: *elastic* distortions (Simard, Steinkraus and Platt, 2003).
#
# **Why.** Turning and slanting move all of a digit alike. A hand does not: it bends one stroke and stretches another.

# %%
dl.draw_distortions(few.images[0], distortion_of(rungs["ladder-8-elastic"]))

# %%
climb("ladder-8-elastic")

# %% [markdown]
# Of its own digits, rubber ones, it misreads more than one in ten, and of the others fewer than ever: it practises with
# weights on its feet.
#
# **Where it did not help: in a shorter training.** Give both rungs 2 epochs instead of 10, as in
# `climb("ladder-8-elastic", 2)`, and rung 7 is ahead. A stronger distortion is a bet on a longer training.
#
# [What distortions do](../explanation/distortions.md) tells more, and which of them turn one digit into another.

# %% [markdown]
# ## 11. Rung 9: an average over epochs
#
# **What.** The network that is kept is an average of those at the end of each epoch, in which the latest count most:
# about the last ten.
#
# **Why.** At the end a training trembles about its goal, as each mini-batch pulls it another way. An average of points
# around a goal is nearer to it than most of them.
#
# **What it costs.** A copy of the weights, and a sum for each epoch.

# %%
climb("ladder-9-average")

# %% [markdown]
# **Where it did not help: here.** While the network still learns quickly, what it was five epochs ago is simply worse,
# and an average takes it along. Averaging pays off where the trembling is larger than the progress.

# %% [markdown]
# ## 12. The whole ladder
#
# So far each rung had one seed, a few digits and a few epochs. Here is the ladder as `digitlab reproduce` measured it,
# with several seeds for each rung, and on the test set, which nobody looked at before. The table lies beside this
# notebook in `ladder.json`, as the command wrote it.

# %%
table = read_table("ladder.json")

print(f"{table.samples:,} digits, {table.seeds} seeds, {table.recipes[-1].epochs} epochs on the last rung")
draw_table(table)

# %% [markdown]
# The axis is logarithmic, since going from 2 % to 1 % is as far as from 10 % to 5 %: half of the errors. A dot is a
# seed, and the bar shows [what 10,000 test digits can tell at all](../how-to/reproduce.md). What did each rung gain,
# and is that more than what another seed changes anyway?

# %%
for before, after in zip(table.recipes, table.recipes[1:], strict=False):
    gain = before.mean - after.mean
    noise = math.hypot(before.spread or 0, after.spread or 0)  # of the difference of two seeds
    verdict = "" if abs(gain) > 2 * noise else "   no more than the seeds differ"
    print(f"{after.recipe:<20} {gain:+6.2f} points, {after.seconds:6.1f} s for each seed{verdict}")

# %% [markdown]
# Two things are worth taking home.
#
# - **Measure, with several seeds.** Some rungs change less than another seed would. Whoever tries each idea once, with
#   one seed, collects a bag of superstitions.
# - **First learn, then generalize.** The first rungs make the network learn its own digits, the last ones keep it from
#   learning them by heart. Ask which of the two numbers is the bad one before you choose what to change.
#
# Now build a rung of your own: `dl.recipe("ladder-9-average", dropout=0.2)`, another width, other distortions. Choose
# by the validation digits. [How to change one thing and look again](../how-to/your-own-experiment.md) has more.
