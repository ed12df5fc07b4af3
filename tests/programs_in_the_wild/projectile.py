"""Aim a cannon with drag: gradients run back through the whole simulation."""
import math
from typing import List


class Num:
    def __init__(self, val: float, inputs: tuple = ()):
        self.val = val
        self.deriv = 0.0
        self.inputs = inputs

    def __add__(self, other):
        if isinstance(other, Num):
            return Num(self.val + other.val, ((self, 1.0), (other, 1.0)))
        return Num(self.val + other, ((self, 1.0),))

    def __sub__(self, other):
        if isinstance(other, Num):
            return Num(self.val - other.val, ((self, 1.0), (other, -1.0)))
        return Num(self.val - other, ((self, 1.0),))

    def __mul__(self, other):
        if isinstance(other, Num):
            return Num(self.val * other.val, ((self, other.val), (other, self.val)))
        return Num(self.val * other, ((self, other),))

    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other

    @staticmethod
    def cos(a): return Num(math.cos(a.val), ((a, -math.sin(a.val)),))

    @staticmethod
    def sin(a): return Num(math.sin(a.val), ((a, math.cos(a.val)),))

    @staticmethod
    def sqrt(a): return Num(math.sqrt(a.val), ((a, 0.5 / math.sqrt(a.val)),))


def topological(root: Num) -> List[Num]:
    out, seen, stack = [], set(), [(root, iter(root.inputs))]
    seen.add(id(root))
    while stack:
        node, it = stack[-1]
        for child, _ in it:
            if id(child) not in seen:
                seen.add(id(child))
                stack.append((child, iter(child.inputs)))
                break
        else:
            stack.pop()
            out.append(node)
    return out


def backprop(root: Num) -> int:
    nodes = topological(root)
    root.deriv = 1.0
    for n in reversed(nodes):
        for child, d in n.inputs:
            child.deriv += d * n.deriv
    return len(nodes)


def shoot(speed: Num, angle: Num, dt=0.05, steps=40, drag=0.05):
    x, y = Num(0.0), Num(0.0)
    vx, vy = speed * Num.cos(angle), speed * Num.sin(angle)
    for _ in range(steps):
        v = Num.sqrt(vx * vx + vy * vy)
        vx = vx - v * vx * (drag * dt)
        vy = vy - v * vy * (drag * dt) - 9.81 * dt
        x = x + vx * dt
        y = y + vy * dt
    return x, y


target = (14.0, 0.5)
speed, angle = 12.0, 0.6
for it in range(12):
    s, a = Num(speed), Num(angle)
    x, y = shoot(s, a)
    miss = (x - target[0]) * (x - target[0]) + (y - target[1]) * (y - target[1])
    n = backprop(miss)
    print(f"{it:2d} hit=({x.val:.6f}, {y.val:.6f}) miss={miss.val:.6f} nodes={n} ds={s.deriv:.6f} da={a.deriv:.6f}")
    speed -= 0.05 * s.deriv
    angle -= 0.002 * a.deriv
print("speed %.6f angle %.3f degrees" % (speed, math.degrees(angle)))
