#!/usr/bin/env python3
import argparse
import random
import sys


class Variable:
    def __init__(self, value, parents=(), backward_fn=None, name=None):
        self.value = float(value)
        self.gradient = 0.0
        self.parents = parents
        self.backward_fn = backward_fn
        self.name = name

    def __add__(self, other):
        other = other if isinstance(other, Variable) else Variable(other)
        return Variable(self.value + other.value, (self, other), lambda g: (g, g))

    def __sub__(self, other):
        other = other if isinstance(other, Variable) else Variable(other)
        return Variable(self.value - other.value, (self, other), lambda g: (g, -g))

    def __mul__(self, other):
        other = other if isinstance(other, Variable) else Variable(other)
        return Variable(self.value * other.value, (self, other), lambda g: (g * other.value, g * self.value))

    def backprop(self):
        order, seen = [], set()

        def visit(n):
            if n not in seen:
                seen.add(n)
                for p in n.parents:
                    visit(p)
                order.append(n)
        visit(self)
        self.gradient = 1.0
        for n in reversed(order):
            if n.backward_fn is not None:
                for p, g in zip(n.parents, n.backward_fn(n.gradient)):
                    p.gradient += g

    def __repr__(self):
        return f"{self.name or 'tmp'}={self.value:.5f}"


def parse(argv):
    ap = argparse.ArgumentParser(prog='regression', description='fit a line by gradient descent')
    ap.add_argument('--lr', type=float, default=0.05)
    ap.add_argument('--epochs', type=int, default=20)
    ap.add_argument('--points', type=int, default=10)
    ap.add_argument('-v', '--verbose', action='count', default=0)
    return ap.parse_args(argv)


def main(argv=None):
    args = parse(sys.argv[1:] if argv is None else argv)
    print(vars(args))
    rnd = random.Random(args.points)
    m, c = Variable(0, name='m'), Variable(0, name='c')
    rows = []
    for _ in range(args.points):
        x = rnd.uniform(-2, 2)
        rows.append((x, 1.7 * x - 0.4 + rnd.gauss(0, 0.05)))
    for epoch in range(args.epochs):
        mse = Variable(0)
        for x, y in rows:
            e = m * x + c - y
            mse = mse + e * e
        mse = mse * (1 / len(rows))
        m.gradient = c.gradient = 0.0
        mse.backprop()
        m.value -= args.lr * m.gradient
        c.value -= args.lr * c.gradient
        if args.verbose and epoch % 5 == 0:
            print(epoch, mse.value, m, c)
    print('result', m, c)
    return 0


if __name__ == '__main__':
    sys.exit(main())
