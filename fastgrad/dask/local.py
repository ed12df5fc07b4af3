"""Training with local steps: each block takes some on its own, and the parameters are averaged."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad.dask.models import BlockModel, Steps
from fastgrad.dask.training import Rows, columns_of, mean_loss
from fastgrad.dask.trees import tree_sum
from fastgrad.dask.workers import Missing, packed
from fastgrad.train import arguments
from fastgrad.train.history import History, TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad._tape.node import Node
    from fastgrad.dask.models import Moved


def fit_local(
    model: Callable[..., Any],
    X: Any,
    y: Any,
    *,
    loss: str | Callable[[Any, Any], Node] = "mse",
    optimizer: str | None = None,
    lr: float | None = None,
    rounds: int = 10,
    local_steps: int = 10,
    batch_size: int | None = None,
    seed: int | None = None,
    weights: Any = None,
    asynchronous: bool = False,
    compiled: bool = True,
) -> History:
    """Train a model by local steps: in a round each block takes some from the same parameters on, which are averaged.

    So parameters travel once for many steps. What is found depends on how rows are divided into blocks, and not on who
    works on which.

    Parameters
    ----------
    model, X, y, loss, lr, weights, compiled
        See `train.fit`; rows lie in blocks.
    optimizer : str, optional
        The name of one, which begins anew in each round.
    rounds : int
        How often parameters are averaged, each block's weighed by its rows, or by its rows' weights.
    local_steps : int
        How many steps a block takes in a round.
    batch_size : int, optional
        The rows of a step, drawn from the block; by default all of it.
    seed : int, optional
        Decides which are drawn.
    asynchronous : bool
        Whether a block that is done goes on at once: what it moved the parameters by is added in proportion to its
        rows, and it begins again from where they are by then, for as many rounds. No block waits for a slow machine;
        results depend on which was when. It takes an executor with a method ``submit``, or a client of Dask's.

    Returns
    -------
    train.History
        Its epochs are rounds: `loss` has the means of the local steps' losses.

    Raises
    ------
    train.TrainingError
        If a loss becomes nan or infinite, or computing it overflows. The parameters are those before that round,
        with `asynchronous` those of all steps that had come by then.
    TypeError, ValueError
        If an argument is of no use; nothing has changed then.

    Examples
    --------
    >>> import fastgrad.dask, numpy as np
    >>> from fastgrad import nn
    >>> x = np.linspace(0.0, 1.0, 100)[:, None]
    >>> X, y = fastgrad.dask.blocks([(x[k::4], 2.0 * x[k::4] + 1.0) for k in range(4)])
    >>> model = nn.MLP(1, [1], rng=0)
    >>> history = fastgrad.dask.fit_local(model, X, y, lr=0.3, rounds=30, local_steps=20)
    >>> model.flat.round(3).tolist()
    [2.0, 1.0]
    """
    local = _Local(rounds, local_steps, batch_size, seed, optimizer, lr)
    loss = mean_loss(loss, weights is not None)
    parameters = local.made(model).parameters
    data = Rows(columns_of(X, y, weights), "X")
    if asynchronous and not data.blocks.takes_single():
        raise ValueError(
            "asynchronous=True takes workers: blocks with an executor that has a method submit, or a client of Dask's"
        )
    sample = data.look(packed(BlockModel(model, loss, parameters, compiled, None)), False)
    program = packed(BlockModel(model, loss, parameters, compiled, sample))
    losses, begun, stopped = np.empty(local.rounds), time.perf_counter(), "finished"
    done = 0
    history = History(np.empty(0), np.empty(0), np.empty(0), np.empty(0), np.empty(0))
    try:
        for done, mean in enumerate((local.at_once if asynchronous else local.in_turn)(program, data, parameters), 1):
            losses[done - 1] = mean
    except KeyboardInterrupt:
        stopped = "interrupted"
    except TrainingError as error:
        stopped, error.history = "error", history
        raise
    finally:
        history.loss, history.lr = losses[:done].copy(), np.full(done, local.made(model).lr)
        history.epochs, history.stopped, history.seconds = done, stopped, time.perf_counter() - begun
    return history


class _Local:
    """What a local fit is asked for, checked."""

    def __init__(self, rounds: Any, steps: Any, batch_size: Any, seed: Any, optimizer: Any, lr: Any) -> None:
        self.rounds, self.steps = arguments.count(rounds, "rounds"), arguments.count(steps, "local_steps")
        self.batch_size = None if batch_size is None else arguments.count(batch_size, "batch_size")
        self.seed: int = int(arguments.generator(seed).integers(2**32))
        if optimizer is not None:
            arguments.named(optimizer, arguments.OPTIMIZERS, "optimizer", "None")
        self.optimizer, self.lr = optimizer, lr

    def made(self, model: Any) -> Any:
        """Return an optimizer as blocks make theirs."""
        return arguments.optimizer(self.optimizer, self.lr, model)

    def request(self, parameters: Any, turn: int, k: int) -> Steps:
        return Steps(parameters, self.steps, self.batch_size, self.optimizer, self.lr, (self.seed, turn, k))

    def in_turn(self, program: Any, data: Rows, parameters: Any) -> Any:
        """Average after each round; yield the rounds' mean losses."""
        blocks = list(data.looked)
        shares = data.shares(blocks)
        for turn in range(self.rounds):
            now = parameters.data
            asked = {k: (self.request(now, turn, k), data.places) for k in blocks}
            found = data.blocks.run(program, asked)
            moved = [_checked(found[k], turn, k) for k in blocks]
            parameters.set_data(tree_sum([one.parameters * share for one, share in zip(moved, shares)]))
            yield tree_sum([one.loss * share for one, share in zip(moved, shares)])

    def at_once(self, program: Any, data: Rows, parameters: Any) -> Any:
        """Add what each block has moved the parameters by as it comes; yield means of as many losses as blocks."""
        shares = dict(zip(data.looked, data.shares(list(data.looked))))
        ready: queue.Queue[tuple[int, Any]] = queue.Queue()
        asked: dict[int, Steps] = {}
        turns = dict.fromkeys(shares, 0)

        def start(k: int, full: bool = False) -> None:
            future = data.blocks.start(program, (asked[k], data.places), k, full)
            future.add_done_callback(lambda future: ready.put((k, future)))

        for k in shares:
            asked[k] = self.request(parameters.data, 0, k)
            start(k)
        losses: list[float] = []
        while len(losses) < self.rounds * len(shares):
            k, future = ready.get()
            (answer,) = future.result()
            if isinstance(answer, Missing):
                start(k, full=True)
                continue
            moved = _checked(answer, turns[k], k)
            now = parameters.data
            parameters.set_data(now + shares[k] * (moved.parameters - asked[k].parameters))
            losses.append(moved.loss)
            turns[k] += 1
            if turns[k] < self.rounds:
                asked[k] = self.request(parameters.data, turns[k], k)
                start(k)
            if not len(losses) % len(shares):
                yield float(np.mean(losses[-len(shares) :]))


def _checked(moved: Moved, turn: int, k: int) -> Moved:
    if moved.failure is not None:
        raise TrainingError(f"round {turn}, block {k}: {moved.failure}; try a smaller lr", turn, k, moved.node)
    return moved
