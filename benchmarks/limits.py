"""What was asked of the engine's speed and memory; `compare` prints it next to what it measures. What was asked of
networks stands in `networks`, beside the pairs of engines that it names."""

from typing import NamedTuple


class Limit(NamedTuple):
    """One line of the requirements; `figure` is the name under which the measured number is found."""

    figure: str
    what: str
    relation: str
    bound: float
    unit: str = ""

    def is_met(self, measured):
        return measured <= self.bound if self.relation == "<=" else measured >= self.bound

    def asked(self):
        return f"{self.relation} {self.bound:g}{self.unit}"


def _peer(name, mean, least):
    return [
        Limit(f"{name}.mean", f"faster than {name}, geometric mean", ">=", mean, "x"),
        Limit(f"{name}.least", f"faster than {name}, least over the workloads", ">=", least, "x"),
    ]


LIMITS = [
    Limit("complex.mean", "forward + backward against complex forward, geometric mean", "<=", 1.05),
    *_peer("xad", 12.0, 6.0),
    *_peer("torch", 150.0, 45.0),
    *_peer("reference", 80.0, 9.0),
    *_peer("micrograd", 80.0, 9.0),
    Limit("backward", "backward() alone on the chain, a node", "<=", 7.0, " ns"),
    Limit("kept", "forward() + backward() on the kept chain, a node", "<=", 12.0, " ns"),
    Limit("node_bytes", "memory of a node, by the tape's account", "<=", 48.0, " B"),
    Limit("node_bytes_process", "memory of a node, by the growth of the process", "<=", 48.0, " B"),
    Limit("growth", "growth of a training loop's memory", "<=", 1.0, " MB"),
    Limit("growth_callback", "growth of a training loop's memory, with callbacks", "<=", 1.0, " MB"),
    Limit("long.seconds", "10,000,000 nodes built, swept, freed", "<=", 3.0, " s"),
    Limit("long.megabytes", "10,000,000 nodes, peak memory of the process", "<=", 1000.0, " MB"),
    Limit("small_stack.seconds", "the same with a stack of 256 kB", "<=", 3.0, " s"),
    Limit("small_stack.megabytes", "the same with a stack of 256 kB, peak memory", "<=", 1000.0, " MB"),
    Limit("interleaved.sweep", "100,000 interleaved graphs, a node swept, against the graphs in a row", "<=", 3.0, "x"),
    Limit("interleaved.sweep_single", "the same, against one graph of as many nodes", "<=", 3.0, "x"),
    Limit("interleaved.all_single", "the same, a node built and swept", "<=", 3.0, "x"),
    Limit("import", "import fastgrad, over starting Python", "<=", 15.0, " ms"),
]
