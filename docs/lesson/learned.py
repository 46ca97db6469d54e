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
# # What did it learn?
#
# A trained network is fifty thousand numbers, and nobody wrote one of them. People call that a black box. It is not
# black: every number can be looked at, and every answer can be taken apart into sums. This lesson does that:
#
# - the **weights**, as pictures,
# - what the hidden units say to one picture, and how their **pushes add up** to the answer,
# - **which pixels** speak for the answer, and how to tell whether such a map is right,
# - a **map of all digits**, as the network sees them, and
# - **one step of learning**, number by number, with a check that you can run.
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
import os

import numpy as np

import digitlab as dl
from digitlab.figures import draw_activations, draw_attributions, draw_contributions, draw_projection, draw_weights
from digitlab.inside import Damage, attribute, backprop_step, contributions_of, damaged, project
from digitlab.inside.attribution import METHODS

EPOCHS = int(os.environ.get("DIGITLAB_LESSON_EPOCHS", "10"))  # of the training
np.set_printoptions(suppress=True)  # 0.002, not 2.0e-03

# %% [markdown]
# ## 1. A network to look into
#
# 64 hidden units, trained on all digits for ten epochs. Some seconds, and it reads about 97 of 100 digits that it has
# never seen.

# %%
train, test = dl.load_mnist()
recipe = dl.recipe("ladder-3-relu", epochs=EPOCHS)
network = recipe.new_network()
untrained = network.copy()
dl.fit(network, train[: 6000 * EPOCHS], recipe)

print(f"{dl.evaluate(network, test).accuracy:.2%} of the test digits right")

# %% [markdown]
# ## 2. The weights
#
# Each hidden unit has a weight for each of the 784 pixels, so its weights are a picture themselves. Where the picture
# is red, ink makes the unit say more; where it is blue, less. First, before the training:

# %%
draw_weights(untrained)

# %% [markdown]
# Noise: random numbers, as they were drawn. Now the same units afterwards:

# %%
draw_weights(network)

# %% [markdown]
# Nobody told the network to look for strokes, and yet there they are: a red bow with blue beside it is a
# unit that answers to ink *here* and no ink *beside it*. Do not expect whole digits. One unit serves many digits, and
# one digit takes many units. Around the border the noise of the beginning has stayed as it was: hardly any digit has
# ink there, so nothing was learnt there.

# %% [markdown]
# ## 3. What the units say
#
# We take one picture, and follow it through the network.

# %%
image, label = test.images[0], test.labels[0]
dl.display_prediction(network, image, label)

# %%
found = contributions_of(network, image)
draw_activations(found)

# %% [markdown]
# Nearly half of the units are silent: their sum was negative, and ReLU made 0 of it. This pattern of loud and silent
# units is all that the last layer knows of the picture.
#
# And what does the last layer do? It multiplies and adds, nothing else. Unit $h$ says $a_h$, its weight to digit $k$ is
# $W_{hk}$, and so it **pushes** digit $k$ by $a_h W_{hk}$. The logit of a digit is the sum of all pushes and a bias:
#
# $$z_k = \sum_h a_h W_{hk} + b_k.$$

# %%
draw_contributions(found)

# %% [markdown]
# Each row is a unit, each column a digit; the bottom row is what it all comes to. Whoever says "unit 23 recognized it"
# has not looked: there is no single one that decides, there is an election with sixty-four votes of different weight.
#
# Do the pushes really add up to the answer? An explanation that can be checked should be checked:

# %%
print("summed up  ", found.sums.round(3))
print("the network", found.logits.round(3))
print("they agree:", found.off_by < 1e-3)

# %% [markdown]
# A vote can also be taken away. Switch off the unit that pushed most for the answer, and ask again:

# %%
strongest = int(found.towards(found.digit).argmax())
without = damaged(network, Damage(off=((1, strongest),)))

print(f"without unit {strongest}: {dl.evaluate(without, test).accuracy:.2%} of the test digits right")
print("this one is still read as", without.predict(image), "- before it was a", network.predict(image))

# %% [markdown]
# ## 4. Which pixels?
#
# Now from the other end: which pixels of *this* picture speak for its answer? The derivative of the logit by a pixel
# says what a little more ink there would do. There are three ways to make a map of it.

# %%
maps = [attribute(network, image, method=method) for method in METHODS]
draw_attributions(maps)

# %% [markdown]
# 1. The **gradient** says what a little more ink would do, anywhere, also where there is none.
# 2. **Gradient times input** asks only where there is ink.
# 3. **Integrated gradients** lets the picture appear slowly out of the black, and gathers what each pixel does on the
#    way.
#
# All three look convincing. That is just the trouble with coloured maps: everything looks convincing. So ask for a
# **sanity check**: from a black picture to this one, the logit has risen by some number. If the map says what each
# pixel had to do with it, then all pixels together must make up that number.

# %%
for one in maps[1:]:
    print(f"{one.method:<22} adds up to {one.sum:8.4f}, the logit rose by {one.expected:8.4f}")

# %% [markdown]
# The third one adds up to the last digit that is printed; the second one does not. On a straight line it would, but a
# network is bent, and the slope at the end of the way is not the slope on the way.
#
# A second sanity check costs nothing: make the same map of the *untrained* network. It knows nothing, so a map of what
# it knows should look like nothing.

# %%
draw_attributions([attribute(untrained, image, int(label), method) for method in METHODS])

# %% [markdown]
# Look at the last two. They still look like the digit! Not because of anything that was learnt, but because both
# multiply by the ink. So when a map shows the shape of the digit, that alone is no evidence: compare with the untrained
# network before you believe it.

# %% [markdown]
# ## 5. A map of all digits
#
# For the hidden layer a picture is 64 numbers, a point in a space of 64 dimensions. Nobody can see that, but one can
# look at it from the side from which the points are furthest apart, as one looks at a table from above and not along
# its edge. This is called *principal component analysis*. First the pixels themselves:

# %%
draw_projection(project(network, test, 0))

# %% [markdown]
# Zeros and ones lie apart, and the rest is a heap. The same pictures as the last hidden layer has them:

# %%
draw_projection(project(network, test, 1))

# %% [markdown]
# Sorted, though far from perfectly: two directions of sixty-four show only a part of it. This is what a hidden layer is
# good for. It does not answer; it moves pictures so that **the same digits come to lie together**, and the last layer
# can tell them apart with straight cuts.

# %% [markdown]
# ## 6. One step of learning
#
# How did the numbers get there? By small steps, and each of them is no more than what follows. We take one picture, its
# true label, and the untrained network, and let it learn from that single picture:

# %%
step = backprop_step(untrained, image, label, learning_rate=0.1)

print("it said        ", step["p"].round(3))
print("minus the truth", step["delta2"].round(3))
print(f"loss {step.loss:.4f}, after the step {step.loss_after:.4f}")

# %% [markdown]
# $\delta_2$, what it said minus what it should have said, is where all learning begins: only the true digit has a
# negative number, so only its logit is pushed up. From there the blame goes back to the hidden units and to each
# weight. Here is one weight, from the beginning to its new value:

# %%
unit = int(np.abs(step["delta1"]).argmax())
pixel = int(step["x"].argmax())
print(f"pixel {pixel} has           x = {step['x'][pixel]:.4f}")
print(f"the blame of unit {unit}:  delta1 = {step['delta1'][unit]:+.6f}")
print(f"derivative, x delta1:     {step['dW1'][pixel, unit]:+.6f}")
print(f"the weight was            {step['W1'][pixel, unit]:+.6f}")
print(f"it becomes                {step['new W1'][pixel, unit]:+.6f}")

# %% [markdown]
# Believe it? Do not; check it. Make this weight a tiny bit larger, then smaller, and see what the loss does. That needs
# no chain rule and no cleverness, and it must come to the same:

# %%
check = step.check("W1", (pixel, unit))
print(f"by backpropagation {check.derivative:+.9f}")
print(f"by trying it out   {check.numerical:+.9f}")
print("they agree:", check.agrees)

# %% [markdown]
# That is all. A training is some hundred thousand of these steps.

# %% [markdown]
# ## 7. Your turn
#
# 1. Find a unit in section 2 whose picture you can put into words. Switch it off with `damaged`. Which digits suffer?
# 2. `np.flatnonzero(network.predict(test.images) != test.labels)` finds the pictures that are read wrongly. Take one of
#    them: which units pushed for the wrong digit?
# 3. Ask for a digit that the picture is *not*, such as `attribute(network, image, 3)`. What does blue mean now?
# 4. Switch off ten units, then twenty, then forty. When does the network break? Did you expect that?
# 5. In section 6, take a learning rate of 10. Does the loss still fall? Why not?
#
# The room *Inside* of [the lab](../how-to/lab.md) shows all of this while a network learns.
