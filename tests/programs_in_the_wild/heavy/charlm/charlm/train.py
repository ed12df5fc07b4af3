import random

from .model import CharModel, cross_entropy

TEXT = "the cat sat on the mat and the rat sat on the cat "
CONTEXT = 3


def main():
    random.seed(2024)
    chars = sorted(set(TEXT))
    ids = [chars.index(c) for c in TEXT]
    samples = [(ids[i:i + CONTEXT], ids[i + CONTEXT]) for i in range(len(ids) - CONTEXT)]
    model = CharModel(len(chars), CONTEXT, 3, 12)
    params = model.parameters()
    print(len(chars), "characters", len(samples), "samples", len(params), "parameters")
    for epoch in range(64):
        random.shuffle(samples)
        total = 0.0
        for start in range(0, len(samples), 8):
            batch = samples[start:start + 8]
            loss = cross_entropy(model(batch[0][0]), batch[0][1])
            for x, y in batch[1:]:
                loss = loss + cross_entropy(model(x), y)
            loss = loss / len(batch)
            for p in params:
                p.grad = 0.0
            loss.backward()
            for p in params:
                p.data -= 0.2 * p.grad
            total += loss.data
        if epoch % 4 == 3:
            print(f"epoch {epoch} loss {total:.8f}")
    out = TEXT[:CONTEXT]
    for _ in range(20):
        logits = model([chars.index(c) for c in out[-CONTEXT:]])
        out += chars[max(range(len(chars)), key=lambda i: logits[i].data)]
    print(repr(out))
    print(params[0], params[-1])


if __name__ == "__main__":
    main()
