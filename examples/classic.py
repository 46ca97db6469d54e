"""The classic experiment in plain NumPy: the whole algorithm, with nothing hidden.

784 pixels, 64 sigmoid units, 10 softmax outputs, cross-entropy, gradient descent on all samples at once.
The library does the same in float32 and in blocks of samples; a test holds both to the same losses.

    python examples/classic.py [EPOCHS]         1000 epochs by default, which take some minutes
"""

import random
import sys

import numpy as np

import digitlab as dl


def classic(x, y, epochs, learning_rate=0.1, report_every=100, seed=0):
    """Train on inputs x (N, 784) and one-hot labels y (N, 10); return the parameters and the loss of each epoch."""
    rng = np.random.default_rng(seed)
    W1, b1 = rng.normal(0, 1 / np.sqrt(784), (784, 64)), np.zeros(64)
    W2, b2 = rng.normal(0, 1 / np.sqrt(64), (64, 10)), np.zeros(10)
    losses = []
    for epoch in range(1, epochs + 1):
        # forward
        a1 = 1 / (1 + np.exp(-(x @ W1 + b1)))  # (N, 64)
        z2 = a1 @ W2 + b2  # (N, 10)
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)  # (N, 10), each row adds up to 1
        losses.append(-np.log((p * y).sum(axis=1)).mean())
        if epoch in (1, epochs) or epoch % report_every == 0:
            accuracy = (p.argmax(axis=1) == y.argmax(axis=1)).mean()
            print(f"epoch {epoch:4d}   loss {losses[-1]:.6f}   accuracy {accuracy:.4f}", flush=True)
        # backward
        delta2 = (p - y) / len(x)  # (N, 10)
        delta1 = (delta2 @ W2.T) * a1 * (1 - a1)  # (N, 64)
        # step
        W2 -= learning_rate * (a1.T @ delta2)
        b2 -= learning_rate * delta2.sum(axis=0)
        W1 -= learning_rate * (x.T @ delta1)
        b1 -= learning_rate * delta1.sum(axis=0)
    return (W1, b1, W2, b2), losses


if __name__ == "__main__":
    (x_train, y_train), (x_test, y_test) = dl.load_data()
    x = x_train.reshape(-1, 784) / 255
    parameters, _ = classic(x, dl.one_hot(y_train), epochs=int(sys.argv[1]) if len(sys.argv) > 1 else 1000)

    network = dl.Network([784, 64, 10])
    network.W1, network.b1, network.W2, network.b2 = parameters
    test = dl.Digits(x_test, y_test, "MNIST test")
    print(dl.evaluate(network, test))
    index = random.randint(0, 9999)
    dl.display_prediction(network, x_test[index].reshape(784) / 255, dl.one_hot(y_test)[index])
