"""Squeeze eight one-hot patterns through three numbers."""
import random

from autograd import Parameter, Value

random.seed(88)


class Dense:
    def __init__(self, nin, nout, name):
        self.w = [[Parameter(random.uniform(-0.7, 0.7), f"{name}.w{j}{i}") for i in range(nin)] for j in range(nout)]
        self.b = [Parameter(0.0, f"{name}.b{j}") for j in range(nout)]

    def __call__(self, xs):
        return [sum((w * x for w, x in zip(row, xs)), b).tanh() for row, b in zip(self.w, self.b)]

    def parameters(self):
        return [w for row in self.w for w in row] + self.b


enc, dec = Dense(8, 3, "enc"), Dense(3, 8, "dec")
params = enc.parameters() + dec.parameters()
patterns = [[1.0 if i == k else -1.0 for i in range(8)] for k in range(8)]
print(len(params), params[0], isinstance(params[0], Value), type(params[0]).__name__)
for epoch in range(260):
    loss = Value(0.0)
    for x in patterns:
        y = dec(enc(x))
        loss = loss + sum((yi - xi) * (yi - xi) for yi, xi in zip(y, x))
    loss.backward()
    for p in params:
        p.update(0.01, 0.8)
    if epoch % 20 == 0:
        print(epoch, round(loss.data, 8))
for x in patterns[:4]:
    code = enc(x)
    print(''.join('+' if c.data > 0 else '-' for c in code), [round(v.data, 3) for v in dec(code)])
print(sorted(params, key=lambda p: p.data)[:3])
