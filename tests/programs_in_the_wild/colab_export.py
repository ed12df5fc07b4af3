# -*- coding: utf-8 -*-
"""autograd_playground.ipynb

Automatically generated from a notebook.
"""

import math
import random

# Commented out IPython magic to ensure Python compatibility.
# %matplotlib inline

def f(x):
  return 2*x**2 - 5*x + 1

f(3.0)

h = 0.000001
x = 5/4 + 0.5
print((f(x + h) - f(x))/h)

class Value:

  def __init__(self, data, _children=(), _op='', label=''):
    self.data = data
    self.grad = 0.0
    self._backward = lambda: None
    self._prev = set(_children)
    self._op = _op
    self.label = label

  def __repr__(self):
    return f"Value(data={self.data})"

  def __add__(self, other):
    other = other if isinstance(other, Value) else Value(other)
    out = Value(self.data + other.data, (self, other), '+')

    def _backward():
      self.grad += 1.0 * out.grad
      other.grad += 1.0 * out.grad
    out._backward = _backward
    return out

  def __mul__(self, other):
    other = other if isinstance(other, Value) else Value(other)
    out = Value(self.data * other.data, (self, other), '*')

    def _backward():
      self.grad += other.data * out.grad
      other.grad += self.data * out.grad
    out._backward = _backward
    return out

  def exp(self):
    x = self.data
    out = Value(math.exp(x), (self, ), 'exp')

    def _backward():
      self.grad += out.data * out.grad
    out._backward = _backward
    return out

  def __pow__(self, other):
    assert isinstance(other, (int, float)), "numbers only"
    out = Value(self.data**other, (self,), f'**{other}')

    def _backward():
      self.grad += other * (self.data ** (other - 1)) * out.grad
    out._backward = _backward
    return out

  def __rmul__(self, other): # other * self
    return self * other

  def __truediv__(self, other): # self / other
    return self * other**-1

  def __neg__(self): # -self
    return self * -1

  def __sub__(self, other): # self - other
    return self + (-other)

  def __radd__(self, other): # other + self
    return self + other

  def backward(self):
    topo = []
    visited = set()
    def build_topo(v):
      if v not in visited:
        visited.add(v)
        for child in v._prev:
          build_topo(child)
        topo.append(v)
    build_topo(self)
    self.grad = 1.0
    for node in reversed(topo):
      node._backward()

a = Value(3.0, label='a')
b = a + a   ; b.label = 'b'
b.backward()
b
print(a.grad)

# tanh out of exponentials
x1, w1 = Value(2.0), Value(-3.0)
n = x1*w1 + 6.5
e = (2*n).exp()
o = (e - 1) / (e + 1)
o.backward()
print(o, x1.grad, w1.grad)

# the same numbers shown by differences
def lol():
  h = 0.0001
  a = Value(2.0); b = Value(-3.0); c = Value(10.0)
  L1 = (a*b + c).data
  a = Value(2.0); a.data += h
  L2 = (a*b + c).data
  print(round((L2 - L1)/h, 6))
lol()

class Neuron:
  def __init__(self, nin):
    self.w = [Value(random.uniform(-1,1)) for _ in range(nin)]
    self.b = Value(random.uniform(-1,1))
  def __call__(self, x):
    # w * x + b
    act = sum((wi*xi for wi, xi in zip(self.w, x)), self.b)
    e = (2*act).exp()
    return (e - 1) / (e + 1)
  def parameters(self):
    return self.w + [self.b]

random.seed(0)
n = Neuron(2)
for k in range(10):
  loss = sum((n(x) - y)**2 for x, y in [([2.0, 3.0], 0.7), ([-1.0, 0.5], -0.2)])
  for p in n.parameters():
    p.grad = 0.0
  loss.backward()
  for p in n.parameters():
    p.data += -0.05 * p.grad
  print(k, f'{loss.data:.10f}')
n.parameters()
