"""Learn XOR: python -m tinygrad_clone.train --epochs 40"""
from __future__ import annotations

import argparse
import random

from . import Dense, Sequential, Value
from . import __version__

XOR = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]


def bce(p: Value, y: int) -> Value:
    return -(p.log()) if y == 1 else -((1 - p).log())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--lr", type=float, default=0.5)
    args = parser.parse_args()
    random.seed(7)
    print(f"tinygrad_clone {__version__}")
    model = Sequential(Dense(2, 4, "relu"), Dense(4, 1, "sigmoid"))
    for epoch in range(args.epochs):
        total = Value(0)
        for x, y in XOR:
            total = total + bce(model(x)[0], y)
        for p in model.params():
            p.grad = 0.0
        total.backward()
        for p in model.params():
            p.data -= args.lr * p.grad
        if epoch % 10 == 0:
            print(f"epoch {epoch:3d} loss {total.data:.8f}")
    for x, y in XOR:
        print(x, y, round(model(x)[0].data, 6))
    for p in model.params()[:4]:
        print(p)


if __name__ == "__main__":
    main()
