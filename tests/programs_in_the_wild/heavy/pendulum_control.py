"""
Swing control: a linear-plus-tanh controller is improved by gradients through
the simulated pendulum.
"""
import math


class Scalar:
    def __init__(self, data, _prev=()):
        self.data = data
        self.grad = 0.0
        self._prev = _prev
        self._backward = None

    @classmethod
    def make(cls, x):
        return x if isinstance(x, cls) else cls(x)

    def __add__(self, other):
        other = Scalar.make(other)
        out = Scalar(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = Scalar.make(other)
        out = Scalar(self.data * other.data, (self, other))

        def _backward():
            self.grad += out.grad * other.data
            other.grad += out.grad * self.data
        out._backward = _backward
        return out

    def __neg__(self): return self * -1.0
    def __sub__(self, other): return self + -Scalar.make(other)
    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other

    def sin(self):
        out = Scalar(math.sin(self.data), (self,))

        def _backward():
            self.grad += out.grad * math.cos(self.data)
        out._backward = _backward
        return out

    def tanh(self):
        out = Scalar(math.tanh(self.data), (self,))

        def _backward():
            self.grad += out.grad * (1.0 - out.data * out.data)
        out._backward = _backward
        return out

    def backward(self):
        order, seen, stack = [], set(), [(self, 0)]
        while stack:
            node, k = stack.pop()
            if k == 0:
                if node in seen:
                    continue
                seen.add(node)
            if k < len(node._prev):
                stack.append((node, k + 1))
                if node._prev[k] not in seen:
                    stack.append((node._prev[k], 0))
            else:
                order.append(node)
        self.grad = 1.0
        for node in reversed(order):
            if node._backward is not None:
                node._backward()
        return len(order)


class Controller:
    def __init__(self):
        self.kp = Scalar(0.5)
        self.kd = Scalar(0.1)
        self.gain = Scalar(2.0)

    def parameters(self):
        return [self.kp, self.kd, self.gain]

    def __call__(self, theta, omega):
        return self.gain * (-(self.kp * theta) - self.kd * omega).tanh()


def rollout(ctrl, theta0, steps=250, dt=0.02):
    theta, omega, cost = Scalar(theta0), Scalar(0.0), Scalar(0.0)
    for _ in range(steps):
        u = ctrl(theta, omega)
        omega = omega + (theta.sin() + u - 0.1 * omega) * dt
        theta = theta + omega * dt
        cost = cost + (theta * theta + 0.01 * u * u) * dt
    return cost, theta


ctrl = Controller()
for it in range(25):
    loss = Scalar(0.0)
    for theta0 in (-0.4, 0.2, 0.5):
        cost, theta = rollout(ctrl, theta0)
        loss = loss + cost
    for p in ctrl.parameters():
        p.grad = 0.0
    n = loss.backward()
    for p in ctrl.parameters():
        p.data -= 0.1 * max(-3.0, min(3.0, p.grad))
    if it % 4 == 0:
        print(f"{it:3d} cost {loss.data:.9f} final {theta.data:+.6f} nodes {n}",
              " ".join(f"{p.data:.6f}" for p in ctrl.parameters()))
