import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'src'))

from scalargrad import Scalar  # noqa: E402

# target: y = 1.5 * sin(2 x + 0.3)
xs = [i / 10 for i in range(20)]
import math
ys = [1.5 * math.sin(2 * x + 0.3) for x in xs]

amp, freq, phase = Scalar(1.0), Scalar(1.8), Scalar(0.0)
for it in range(41):
    err = 0
    for x, y in zip(xs, ys):
        d = amp * (freq * x + phase).sin() - y
        err = err + d * d
    err = err / len(xs)
    for p in (amp, freq, phase):
        p.gradient = 0.0
    err.backprop()
    for p in (amp, freq, phase):
        p.value -= 0.1 * p.gradient
    if it % 5 == 0:
        print('it %2d  mse %.10f  ' % (it, err.value), amp, freq, phase)

q = (Scalar(2) / amp).exp() - 1
q.backprop()
print(q, q.op, [str(p) for p in q.parents], amp)
