import pkg.engine as E

x = E.Node(3.0)
y = E.Node(4.0)
r = E.sqrt(x * x + y * y)
order = E.compute_gradients(r)
print(r, x.derivative, y.derivative)
print([n.operation for n in order])

# gradients are set again from zero on each call
E.compute_gradients(r)
print(x.derivative, y.derivative)

z = E.tanh(2 * x - y / 7 + 1 / y)
E.compute_gradients(z)
print(z.val, z.children, x.derivative, y.derivative)

# closest point on the line y = 2x + 1 to (3, 4), by descent
t = E.Node(0.0)
for i in range(30):
    d = E.sqrt((t - 3) * (t - 3) + (2 * t + 1 - 4) * (2 * t + 1 - 4))
    E.compute_gradients(d)
    t.val -= 0.1 * t.derivative
    if i % 6 == 5:
        print(i, d.val, t.val)
