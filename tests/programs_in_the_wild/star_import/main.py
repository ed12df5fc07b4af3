from lib import *

logits = [Value(0.0), Value(3.0), Value(-2.0), Value(1.0)]
probs = softmax(logits)
loss = -probs[3].log()
loss.backward()
print(loss.data)
for l, p in zip(logits, probs):
    print(l, p.data)
print(sum(p.data for p in probs))

# one step of descent and again
for l in logits:
    l.data -= 0.5 * l.grad
    l.grad = 0
loss = -softmax(logits)[3].log()
loss.backward()
print(loss.data, [l.grad for l in logits])
print(loss._op, len(loss._prev))
