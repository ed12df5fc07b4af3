"""Train the GPT of ``strands-microgpt`` for some rounds of 15 names, and print the least seconds of a step.

It lies beside a copy of that package's ``engine.py``, where `benchmarks.gpt` puts it, and runs on any Python, plainly
or by ``fastgrad run``. The first round is for warming up; in it the losses are those that all ways must agree on.
"""

import json
import sys
import time

from engine import MicroGPT, Tokenizer

NAMES = [
    *("emma", "olivia", "ava", "isabella", "sophia", "charlotte", "mia", "amelia", "harper", "evelyn"),
    *("abigail", "emily", "elizabeth", "mila", "ella"),
]


def train(gpt, rounds, clock=time.process_time):
    """Train a model of this class. A round takes each name once, since they differ in length."""
    names, tokenizer = list(NAMES), Tokenizer.from_docs(NAMES)
    model = gpt(vocab_size=tokenizer.vocab_size)
    losses = model.train_on_docs(names, tokenizer, num_steps=len(names), log_every=0)
    least = float("inf")
    for _ in range(rounds):
        start = clock()
        model.train_on_docs(names, tokenizer, num_steps=len(names), log_every=0)
        least = min(least, (clock() - start) / len(names))
    print(json.dumps({"seconds": least, "losses": losses}))


if __name__ == "__main__":
    train(MicroGPT, int(sys.argv[1]))
