import os
import random
import tempfile

from nnlib import MLP, accuracy, load_model, save_model

random.seed(3)
data = []
for _ in range(24):
    x, y = random.uniform(-1, 1), random.uniform(-1, 1)
    data.append(([x, y], 1 if x * x + y * y < 0.5 else -1))

model = MLP(2, 5, 1)
for epoch in range(12):
    total = 0
    for x, y in data:
        diff = model(x) - y
        total = total + diff * diff
    for p in model.parameters():
        p.grad = 0
    total.backward()
    for p in model.parameters():
        p.data -= 0.03 * p.grad
    print(epoch, "%.6f" % total.data, accuracy(model, data))

path = os.path.join(tempfile.mkdtemp(), 'model.json')
save_model(model, path)
other = MLP(2, 5, 1)
print('before loading', other(data[0][0]))
load_model(other, path)
print('after loading ', other(data[0][0]), model(data[0][0]))
os.remove(path)
os.rmdir(os.path.dirname(path))
