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
# # The classic experiment: a network that reads handwritten digits
#
# This lesson builds a small neural network from nothing but sums, products and one curve, and teaches it
# to read handwritten digits. You need some Python. You need no earlier lesson about neural networks.
#
# At the end you will have
#
# - a trained network of 50,890 numbers that reads about nine digits in ten,
# - the rule that it learns by, *backpropagation*, derived in four lines and checked in two ways,
# - an honest measurement of how good the network is, and
# - a look at what it learnt, and at the digits that it still gets wrong.
#
# Run the cells from top to bottom. Most take a moment; the training in section 6 takes some minutes.

# %% [markdown]
# ## 0. Getting ready
#
# Where `digitlab` is installed already, the next cell does nothing. On a hosted notebook service
# it is not installed yet. Then build it once, in a copy of its source code, with the command `make wheel`.
# This puts a file whose name begins with `digitlab-` and ends in `.whl` into the folder `dist`. Upload that file
# next to this notebook, and run the cell.

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
import random

import numpy as np

import digitlab as dl
from digitlab.figures import draw_history, new_figure

EPOCHS = int(os.environ.get("DIGITLAB_LESSON_EPOCHS", "1000"))  # how long section 6 trains

# %% [markdown]
# ## 1. Look at the data
#
# MNIST is a collection of 70,000 handwritten digits, scanned from American forms, each centred in a square of 28 by 28
# pixels. It comes in two parts: 60,000 digits to learn from, and 10,000 that we keep apart for the examination.
#
# A picture is a square of bytes: 0 is paper, 255 is full ink. Beside each picture lies its *label*, the digit that
# the writer meant.

# %%
train, test = dl.load_mnist()

print(train, test, sep="\n")
print("images:", train.images.shape, train.images.dtype)
print("labels:", train.labels.shape, train.labels.dtype, "beginning with", train.labels[:10])

# %% [markdown]
# Always look at your data before you compute anything. This function lays many pictures out on one sheet; we shall
# use it again in section 9.


# %%
def draw_pictures(pictures, columns, colours="gray_r", lowest=0, highest=1):
    """Pictures (N, 28, 28) on one sheet, row by row."""
    rows = len(pictures) // columns
    framed = np.pad(pictures, [(0, 0), (2, 2), (2, 2)], constant_values=np.nan)  # (N, 32, 32): a margin around each
    sheet = framed.reshape(rows, columns, 32, 32).transpose(0, 2, 1, 3).reshape(32 * rows, 32 * columns)
    figure = new_figure(0.8 * columns, 0.8 * rows)
    axes = figure.subplots()
    axes.imshow(sheet, cmap=colours, vmin=lowest, vmax=highest)
    axes.set_axis_off()
    return figure


# %%
places = [np.flatnonzero(train.labels == digit)[:6] for digit in range(10)]  # the first six of each digit
draw_pictures(train.images[np.transpose(places).ravel()] / 255, columns=10)

# %% [markdown]
# Each column is one digit. Ones stand or lean, twos have a loop or none, one of the sevens has a bar, and strokes are
# thick or thin. It is hard to write down rules for all of this, and that is why we let a machine learn them.
#
# Are all digits equally frequent?

# %%
for digit, count in enumerate(np.bincount(train.labels)):
    print(f"{digit}: {count:5,} of {len(train):,}, {count / len(train):.2%}")

# %% [markdown]
# Nearly: each makes up about a tenth. So whoever always says the same digit is right about one time in ten. Keep
# this number in mind: 10 % is what *knowing nothing* looks like.
#
# A network computes with numbers of modest size, so we prepare both halves of the data:
#
# - **pixels** are divided by 255, so that they lie between 0 (paper) and 1 (ink), and each picture is laid out as
#   one row of 28 × 28 = 784 numbers;
# - **labels** become *one-hot* rows: ten numbers, all 0 but for a 1 at the place of the digit. A label is a name and
#   no quantity (an 8 is not twice a 4), and a one-hot row says just that.

# %%
few = train[:8]  # eight digits to play with
x = dl.normalize(few.images).reshape(8, 784)  # (8, 784)
y = dl.one_hot(few.labels)  # (8, 10)

print("pixels from", x.min(), "to", x.max(), "in an array", x.shape)
print("label", few.labels[0], "becomes", y[0])

# %% [markdown]
# ## 2. One unit
#
# The building block is a *unit* (some say neuron). It has one *weight* for each input and one *bias*, and does two
# things. First it forms a weighted sum,
#
# $$z = w_1 x_1 + w_2 x_2 + \dots + w_{784} x_{784} + b,$$
#
# which is large when there is ink where the weights are positive, and small when there is ink where they are
# negative. Then it bends the sum into the range from 0 to 1 with the *sigmoid* curve,
#
# $$a = \sigma(z) = \frac{1}{1 + e^{-z}}.$$
#
# Read $a$ as how strongly the unit says "yes". Without the bend, layers of units would be pointless: sums of sums
# are only sums again.


# %%
def sigmoid(z):
    """From 0 to 1, steepest at 0."""
    return 1 / (1 + np.exp(-z))


w = np.random.default_rng(1).normal(0, 1 / 28, 784)  # 784 small random weights
for digit, z in zip(few.labels, x @ w, strict=True):  # the bias is 0
    print(f"a picture of a {digit}: sum {z:+.3f}, so the unit says {sigmoid(z):.3f}")

# %% [markdown]
# To learn, we shall have to know how $a$ answers when $z$ changes a little: the derivative of the curve. It is
# pleasantly simple, because it can be written with $a$ itself:
#
# $$\sigma'(z) = a\,(1 - a).$$

# %%
z = np.linspace(-8, 8, 201)
a = sigmoid(z)

figure = new_figure(6.4, 3.2)
axes = figure.subplots()
axes.plot(z, a, color="#2b6cb0", linewidth=2, label="sigmoid, a")
axes.plot(z, a * (1 - a), color="#c05621", linewidth=2, linestyle="--", label="its derivative, a (1 - a)")
axes.set_xlabel("z")
axes.grid(color="#e4e7eb")
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
figure

# %% [markdown]
# The derivative is at most 1/4, at $z = 0$, and almost nothing beyond ±6. A unit with a very large sum no longer
# notices small changes: it is *saturated*, and learns slowly. This is why first weights should be small. With 784
# inputs, a standard deviation of $1/\sqrt{784} = 1/28$ keeps the sums near 0, where the unit responds.

# %% [markdown]
# ## 3. The network
#
# Now we set 64 such units side by side, and let ten more look at what those 64 say:
#
# $$
# \begin{aligned}
# z_1 &= x W_1 + b_1 & a_1 &= \sigma(z_1) && \text{the hidden layer, 64 units} \\
# z_2 &= a_1 W_2 + b_2 & p &= \operatorname{softmax}(z_2) && \text{the output, one for each digit}
# \end{aligned}
# $$
#
# The ten sums $z_2$ are called *logits*. *Softmax* turns them into probabilities: raise $e$ to each, and divide by
# the total, so that all are positive and add up to 1:
#
# $$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}.$$
#
# How many numbers does such a network have?
#
# | parameter | shape | numbers | |
# |---|---|---|---|
# | $W_1$ | 784 × 64 | 50,176 | from each pixel to each hidden unit |
# | $b_1$ | 64 | 64 | one for each hidden unit |
# | $W_2$ | 64 × 10 | 640 | from each hidden unit to each digit |
# | $b_2$ | 10 | 10 | one for each digit |
# | together | | 50,890 | |

# %%
network = dl.Network([784, 64, 10], activation="sigmoid", seed=0)

print(network)
print(network.W1.shape, network.b1.shape, network.W2.shape, network.b2.shape)

# %% [markdown]
# The weights are random, the biases 0, and the seed makes sure that you get the same numbers as everybody
# else. The formulas above, in NumPy and for eight pictures at once, are two lines and a softmax, and the library
# computes the same:


# %%
def softmax(z):
    """Rows of logits to rows of probabilities; taking the largest off first keeps e^z from overflowing."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


a1 = sigmoid(x @ network.W1 + network.b1)  # (8, 64)
p = softmax(a1 @ network.W2 + network.b2)  # (8, 10)

print(p[:3].round(2))
print("agrees with the library:", np.allclose(p, network.probabilities(few.images), atol=1e-6))

# %% [markdown]
# These are three pictures, of a 5, a 0 and a 4, and the answer is the same for all: "hard to say, perhaps an 8". Let
# us put the question for all 60,000 pictures, and also ask for the *loss*, which section 4 explains. For now: a guess
# that gives all ten digits the same chance has a loss of $\ln 10 = 2.303$, and lower is better.

# %%
before = dl.evaluate(network, train)

print("how often it says 0, 1, ... 9:", np.bincount(network.predict(train.images), minlength=10))
print(f"accuracy {before.accuracy:.4f}, loss {before.cross_entropy:.3f}, ln 10 = {np.log(10):.3f}")

# %% [markdown]
# It takes everything for an 8, and is right in 9.75 % of cases, which is the share of eights. It knows nothing yet.
#
# But then why is the loss 2.455, a bit *worse* than the 2.303 of an even guess? Because the guess is not even. Each
# hidden unit says about 1/2 to any picture. A logit is therefore about half the sum of 64 random weights, and these
# have a standard deviation of $1/\sqrt{64} = 1/8$, which makes the logits random numbers with a standard
# deviation of about $\tfrac12 \cdot \sqrt{64} \cdot \tfrac18 = \tfrac12$. They give the network small preferences
# without any reason, and preferences without reason cost something: about half the variance of the logits.

# %%
spread = network.logits(train.images).std()
print(f"standard deviation of the logits {spread:.3f}")
print(f"ln 10 + half the variance = {np.log(10) + spread**2 / 2:.3f}")

# %% [markdown]
# ## 4. The loss
#
# To improve the network, we need one number that says how bad it is. Counting mistakes will not do: change a weight
# a little, and the count stays the same, so it does not say in which direction to go. *Cross-entropy* does. For one
# picture it looks at the probability $p_t$ that the network gave to the true digit $t$, and charges
#
# $$L = -\ln p_t.$$
#
# | $p_t$ | 1 | 0.9 | 0.5 | 0.1 | 0.01 |
# |---|---|---|---|---|---|
# | $L$ | 0 | 0.105 | 0.693 | 2.303 | 4.605 |
#
# To be certain and right costs nothing, to guess among ten costs 2.303, and to be certain and wrong is expensive.
#
# **One example by hand.** Take three classes only, and logits 0, ln 2 and ln 5. Raising $e$ to them gives 1, 2
# and 5, with the sum 8. So the probabilities are 1/8, 2/8 and 5/8. If the second class is the true one, the loss is
# $-\ln \tfrac28 = \ln 4 = 1.386$. If it were the third, the loss would be $\ln \tfrac85 = 0.470$.

# %%
p_hand = softmax(np.log([[1.0, 2.0, 5.0]]))[0]
print("probabilities:", p_hand)
print("losses, if each class in turn were the true one:", -np.log(p_hand).round(3))

# %% [markdown]
# The loss of many pictures is the mean of their losses. Training means nothing more than making this mean small.

# %% [markdown]
# ## 5. Backpropagation
#
# We want to know, for each of the 50,890 parameters: if I make it a little larger, how does the loss change? All
# these derivatives together are the *gradient*. The chain rule gives it, if we walk through the network from the
# loss *back* to the pixels.
#
# **At the output.** Write $y$ for the one-hot label. Since $L = \ln \sum_j e^{z_j} - z_t$, its derivative by a
# logit is
#
# $$\frac{\partial L}{\partial z_k} = \frac{e^{z_k}}{\sum_j e^{z_j}} - y_k = p_k - y_k,$$
#
# what the network said minus what it should have said. In the example by hand that is
# $(\tfrac18,\ \tfrac28 - 1,\ \tfrac58)$: push the second logit up and the others down. For the mean over $N$ pictures
# we divide by $N$.
#
# **At the hidden layer.** A hidden output $a_1$ enters each logit through a weight in $W_2$, so its share of the
# blame is $\delta_2 W_2^T$. Before it was bent by the sigmoid, multiply by the slope $a_1 (1 - a_1)$.
#
# **At the weights.** A weight multiplies its input, so its derivative is that input times the $\delta$ behind it,
# summed over the pictures. A bias multiplies 1. Altogether, four lines:
#
# $$
# \begin{aligned}
# \delta_2 &= (p - y) / N \\
# \delta_1 &= (\delta_2 W_2^T) \odot a_1 \odot (1 - a_1) \\
# \frac{\partial L}{\partial W_2} &= a_1^T \delta_2, & \frac{\partial L}{\partial b_2} &= \textstyle\sum \delta_2 \\
# \frac{\partial L}{\partial W_1} &= x^T \delta_1, & \frac{\partial L}{\partial b_1} &= \textstyle\sum \delta_1
# \end{aligned}
# $$
#
# ($\odot$ multiplies number by number, and the sums run over the pictures.) And the same in NumPy, for our eight:


# %%
def forward(W1, b1, W2, b2):
    """What the hidden units and the output say of the pictures x."""
    a1 = sigmoid(x @ W1 + b1)  # (N, 64)
    return a1, softmax(a1 @ W2 + b2)  # (N, 10)


def gradient(W1, b1, W2, b2):
    """The derivative of the mean loss by every parameter."""
    a1, p = forward(W1, b1, W2, b2)
    delta2 = (p - y) / len(x)  # (N, 10)
    delta1 = (delta2 @ W2.T) * a1 * (1 - a1)  # (N, 64)
    dW2, db2 = a1.T @ delta2, delta2.sum(axis=0)  # (64, 10), (10,)
    dW1, db1 = x.T @ delta1, delta1.sum(axis=0)  # (784, 64), (64,)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


x = dl.normalize(few.images, np.float64).reshape(8, 784)  # double precision, for the checks below
parameters = network.architecture.named(network.parameters.astype(np.float64))  # W1, b1, W2, b2
ours = gradient(**parameters)

# %% [markdown]
# Whoever derives a gradient should doubt it. **First check:** the definition of a derivative. Make one parameter
# larger by a tiny $h$, then smaller, and see how much the loss changed:
#
# $$\frac{\partial L}{\partial w} \approx \frac{L(w + h) - L(w - h)}{2h}.$$


# %%
def loss(W1, b1, W2, b2):
    """The mean cross-entropy."""
    _, p = forward(W1, b1, W2, b2)
    return -np.log((p * y).sum(axis=1)).mean()


def difference(name, place, h=1e-5):
    """The derivative by one parameter, from two losses."""
    losses = []
    for step in (h, -h):
        changed = parameters | {name: parameters[name].copy()}
        changed[name][place] += step
        losses.append(loss(**changed))
    return (losses[0] - losses[1]) / (2 * h)


for name, place in {"W1": (406, 3), "b1": 3, "W2": (3, 5), "b2": 5}.items():  # pixel 406 is in the middle
    print(f"{name}: backpropagation {ours[name][place]:+.10f}, two losses {difference(name, place):+.10f}")
    assert np.isclose(ours[name][place], difference(name, place), rtol=1e-5, atol=1e-9)

# %% [markdown]
# They agree to many digits. So why not always do it like this? Because it takes two passes through the network for
# *each* parameter, 101,780 in all, and backpropagation gives all of them for the price of about three.
#
# **Second check:** all 50,890 derivatives at once, against the library's own engine. It answers with sums over the
# pictures, so we divide by their number. It computes in single precision, so expect agreement to about seven digits.

# %%
from digitlab.engines import NumpyEngine

with NumpyEngine().open(network.architecture, few) as session:
    sums = session.sums(network.parameters, slice(0, len(few)))

theirs = network.architecture.named(sums.gradient / sums.count)
for name in ours:
    print(f"{name}: largest {np.abs(ours[name]).max():.4f}, disagree by {np.abs(ours[name] - theirs[name]).max():.1e}")
    assert np.allclose(ours[name], theirs[name], atol=1e-6)

# %% [markdown]
# ## 6. Train
#
# The gradient says in which direction the loss grows. So take a step the other way, and do it again:
#
# $$W \leftarrow W - 0.1 \cdot \frac{\partial L}{\partial W}.$$
#
# This is *gradient descent*, and 0.1 is the *learning rate*. The classic experiment uses all 60,000 pictures for
# each step, and goes through them 1000 times: 1000 *epochs*. The recipe called `seed` says exactly that.
#
# This takes one to three minutes on an ordinary computer, and longer where others are at work on it as well. You may
# interrupt it with the stop button: what was learnt so far is kept, and running the cell again goes on from there.

# %%
history = dl.fit(network, train, dl.recipe("seed", epochs=EPOCHS), progress=True)

# %%
draw_history(history.epochs)

# %% [markdown]
# The first loss is the 2.455 that we met in section 3. After 1000 epochs it is 0.409, and 89.3 % of the training
# digits are read correctly. Most of the accuracy comes early, and the rest takes patience. Both curves are still
# moving a little at the end: training longer would help.

# %% [markdown]
# ## 7. Evaluate
#
# A pupil who has seen the examination paper can learn the answers by heart. So the examination uses the 10,000
# digits that we kept apart, written by other people.

# %%
report = dl.evaluate(network, test)
print(report)

# %% [markdown]
# How to read this:
#
# - **Accuracy** is the share of digits read correctly. After 1000 epochs expect about 89.8 %. That is no worse than the
#   89.3 % on the training digits: this network has not learnt by heart.
# - **The interval** is there because 10,000 digits are only a sample. Another 10,000 from the same writers would
#   give a slightly different accuracy, and the *Wilson interval* says within which limits the true value plausibly
#   lies. When two networks differ by less than this, do not call one of them better.
# - **By writer**: the first half of the test set was written by high-school pupils, the second half by census
#   employees, whose digits are tidier.
# - **Precision** of a digit: of the pictures taken for it, the share that are it. **Recall**: of the pictures that
#   are it, the share that was found. **F1** is a mean of the two that is small when either is small.
# - **The confusion matrix** shows every mistake. Rows are true digits, columns are answers, so the diagonal is what
#   went right. Look for the large numbers beside it: 4 and 9 are often taken for each other, and 5 for 3.

# %% [markdown]
# ## 8. A random digit
#
# Enough of tables. Pick any test digit, and ask the network. Run this cell as often as you like:

# %%
index = random.randint(0, 9999)
dl.display_prediction(network, test.images[index], test.labels[index])

# %% [markdown]
# In many texts the pictures have been made flat, with values from 0 to 1, and the labels one-hot. That is fine too:

# %%
x_test = test.images.reshape(10000, 784) / 255
y_test = dl.one_hot(test.labels)
dl.display_prediction(network, x_test[index], y_test[index])

# %% [markdown]
# ## 9. Look inside
#
# A hidden unit has one weight for each pixel, so its weights are themselves a picture. Here are all 64. Ink on a
# blue spot makes the unit say "yes", ink on a red spot makes it say "no".

# %%
pictures = network.W1.T.reshape(64, 28, 28)
limit = np.quantile(np.abs(pictures), 0.999)  # the few larger ones get the same full colour
draw_pictures(pictures, columns=8, colours="RdBu", lowest=-limit, highest=limit)

# %% [markdown]
# Nobody told the network to do so, but its units have begun to look for strokes and gaps. Beneath that you see a
# fine grain everywhere: the random numbers that we began with. Near the border there is nothing else. Do you see
# why? The derivative of a weight is its *input* times $\delta$, and a pixel that is paper in all pictures always
# sends 0. So its weights never move:

# %%
paper = train.images.max(axis=0).ravel() == 0
untrained = dl.Network([784, 64, 10], activation="sigmoid", seed=0)

print("pixels without ink in any training picture:", paper.sum())
print("their weights are what they were:", np.array_equal(network.W1[paper], untrained.W1[paper]))

# %% [markdown]
# And these are the test digits where the network was most certain, and wrong:

# %%
p = network.probabilities(test.images)  # (10000, 10)
said = p.argmax(axis=1)
wrong = np.flatnonzero(said != test.labels)
worst = wrong[np.argsort(-p[wrong, said[wrong]])][:12]

figure = new_figure(8, 3.6)
for axes, index in zip(figure.subplots(2, 6).flat, worst, strict=True):
    axes.imshow(test.images[index], cmap="gray_r")
    axes.set_title(f"{test.labels[index]}, taken for {said[index]}\nwith {p[index].max():.1%}", fontsize=9)
    axes.set_axis_off()
figure

# %% [markdown]
# Be fair to it: would you have read all of these correctly? But some are easy, and the network is just as sure of
# those. It has only ten answers to divide its 100 % among. "I have never seen one like this" is not among them.

# %% [markdown]
# ## 10. What next
#
# The classic experiment takes one step for each look at all 60,000 pictures. That is wasteful: 32 pictures are enough
# to find roughly the right direction. With *mini-batches* of 32 the same network takes 1875 small steps in each epoch
# instead of a large one, and each step keeps some of the direction of the last (*momentum*). Ten epochs of the
# recipe `minibatch` take seconds and reach about 97 %:

# %%
quick = dl.Network([784, 64, 10], activation="sigmoid", seed=0)
dl.fit(quick, train, dl.recipe("minibatch", epochs=min(EPOCHS, 10)), progress=True)
print(f"test accuracy {dl.evaluate(quick, test).accuracy:.2%}")

# %% [markdown]
# Three experiments to try. Each is a recipe with some settings changed, and
# `network = recipe.new_network()` makes the network that fits it.
#
# 1. **A wider network.** `dl.recipe("minibatch", layers=(784, 256, 10))`. What do you gain over 64 units? What about
#    8 units? Draw the first-layer pictures of the 8.
# 2. **Another curve.** `dl.recipe("minibatch", activation="relu", initializer="he")`. ReLU is the usual choice today.
#    Are you surprised by what it does here? Then add `learning_rate=0.01`, and compare again.
# 3. **A larger step.** `dl.recipe("seed", learning_rate=1.0, epochs=100)`. Compare the curve with that of section 6.
#    Then try 10. Where does it stop being a good idea?
#
# And if you like what you trained, keep it: `network.save("digits.safetensors")`, and later
# `dl.Network.load("digits.safetensors")`.
