"""Sensitivities of a resistor network. Whoever wants derivatives puts a weight on each output first,
so that one sweep can answer for a weighted sum of outputs."""


class Quantity:
    def __init__(self, amount, made_of=(), sign=""):
        self.amount = amount
        self.made_of = made_of
        self.sign = sign
        self.weight = 0.0
        self.share = None

    def __add__(self, other):
        other = lift(other)
        total = Quantity(self.amount + other.amount, (self, other), "+")

        def share():
            self.weight += total.weight
            other.weight += total.weight

        total.share = share
        return total

    def __mul__(self, other):
        other = lift(other)
        total = Quantity(self.amount * other.amount, (self, other), "*")

        def share():
            self.weight += other.amount * total.weight
            other.weight += self.amount * total.weight

        total.share = share
        return total

    def __pow__(self, exponent):
        total = Quantity(self.amount**exponent, (self,), f"**{exponent}")

        def share():
            self.weight += exponent * self.amount ** (exponent - 1) * total.weight

        total.share = share
        return total

    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other):
        return self * lift(other) ** -1

    def __rtruediv__(self, other):
        return lift(other) * self**-1

    def backpropagate(self):
        """pass on whatever weight this quantity has"""
        pending, order, met = [(self, False)], [], set()
        while pending:
            node, ready = pending.pop()
            if ready:
                order.append(node)
            elif node not in met:
                met.add(node)
                pending.append((node, True))
                pending += [(part, False) for part in node.made_of]
        for node in reversed(order):
            if node.share:
                node.share()


def lift(thing):
    return thing if isinstance(thing, Quantity) else Quantity(thing)


def parallel(*resistors):
    return 1 / sum(1 / r for r in resistors)


def network(volts, resistors):
    a, b, c, d = resistors
    current = volts / (a + parallel(b, c + d))
    drop = current * a
    power = current * volts
    return current, drop, power


resistors = [Quantity(r) for r in (100.0, 220.0, 47.0, 330.0)]
volts = Quantity(9.0)
current, drop, power = network(volts, resistors)
print("%.6f A  %.6f V  %.6f W" % (current.amount, drop.amount, power.amount))

current.backpropagate()
print("nothing was asked for:", [r.weight for r in resistors], volts.weight)

for name, output in (("current", current), ("drop", drop), ("power", power)):
    current, drop, power = network(volts, resistors)
    output = {"current": current, "drop": drop, "power": power}[name]
    output.weight = 1
    output.backpropagate()
    print(name, ["%.9f" % r.weight for r in resistors], "%.9f" % volts.weight)
    for quantity in (*resistors, volts):
        quantity.weight = 0.0

# half of a change in the current, minus two thirds of one in the power
current, drop, power = network(volts, resistors)
both = current * 0.5 + power * (-2 / 3)
both.weight = 1.0
both.backpropagate()
print("mixed", ["%.9f" % r.weight for r in resistors], both.weight)

# choose a so that the drop is 4 volts, by descent on the squared miss
a = resistors[0]
for step in range(60):
    _, drop, _ = network(volts, resistors)
    miss = (drop + -4.0) ** 2
    for r in resistors:
        r.weight = 0.0
    miss.weight = 400.0
    miss.backpropagate()
    a.amount -= a.weight
    if step % 12 == 0:
        print(step, "%.6f" % a.amount, "%.9f" % miss.amount)
