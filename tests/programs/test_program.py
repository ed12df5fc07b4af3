"""Programs: what they are made of, what they compute, and that nothing they are given can do harm."""

import gc
import os
import pickle
import random
import sys
import threading

import numpy as np
import pytest

import fastgrad
from fastgrad._programs.program import Program
from support.marks import in_processes
from support.places import PACKAGE_FOLDER, TESTS
from support.processes import run_python
from support.program_steps import DOT, NO_VALUE, SELECT, SUM, Steps, close, eagerly, large_program, random_program

ROWS = [1, 2, 3, 8, 13, 70, 300]


def rows_for(program, rows, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, program.inputs))


def sine_of_product():
    """sin(x * y + c), for which x * y must be above 0."""
    steps = Steps(2, [0.5])
    product = steps.mul(0, 1)
    result = steps.sin(steps.dot([0], [1], 2))
    zero = steps.sub(0, 0)
    return steps.program([result], [(steps.gt(product, zero), 1)])


# What is computed.


@pytest.mark.parametrize("rows", ROWS)
def test_every_row_is_what_eager_scalars_compute(rows):
    for seed in range(40):
        program = random_program(random.Random(seed), outputs=1)
        X, uniforms = rows_for(program, rows, seed), program.uniforms
        values, passed, grads = program.run_grad(X, uniforms)
        check_against_eager(program, X[-3:], values[-3:], passed[-3:], grads[-3:])


def check_against_eager(program, X, values, passed, grads):
    *_, outputs, guards, _ = program.arrays()
    for row, value, first_failed, grad in zip(X, values, passed, grads):
        eager = eagerly(program, row, program.uniforms)
        eager[outputs[0]].backward()
        assert close(value, eager[outputs[0]].data)
        assert close(grad, [x.grad for x in eager[: program.inputs]])
        failed = [k for k, (v, truth) in enumerate(guards) if (eager[v].data != 0.0) != truth]
        assert first_failed == (failed[0] if failed else -1)


def test_one_row_is_bit_for_bit_what_eager_scalars_compute():
    for seed in range(100):
        program = random_program(random.Random(seed), outputs=1)
        X = rows_for(program, 1, seed)
        eager = eagerly(program, X[0], program.uniforms)[program.arrays()[5][0]]
        value = np.empty(1)
        program.bind(X[0].copy(), value)()
        assert value[0].tobytes() == np.float64(eager.data).tobytes()
        assert program.run(X, program.uniforms)[0].tobytes() == value.tobytes()


@pytest.mark.parametrize("rows", ROWS)
def test_sums_over_rows_are_those_of_the_rows(rows):
    for seed in range(40):
        program = random_program(random.Random(seed))
        X, uniforms = rows_for(program, rows, seed), program.uniforms
        seeds = np.random.default_rng(seed).normal(size=(rows, program.outputs))
        total, passed, by_uniforms, values, grads = program.run_sum(X, uniforms, seeds, inputs_wanted=True)
        each = [program.run_sum(X[i : i + 1], uniforms, seeds[i : i + 1], inputs_wanted=True) for i in range(rows)]
        assert close(total, sum(row[0] for row in each))
        assert passed == sum(row[1] for row in each)
        assert close(by_uniforms, sum(row[2] for row in each))
        assert close(values, np.concatenate([row[3] for row in each]))
        assert close(grads, np.concatenate([row[4] for row in each]))
        assert close(grads, program.run_grad(X, uniforms, seeds)[2])


def test_the_gradient_by_uniforms_is_that_of_eager_scalars():
    for seed in range(100):
        program = random_program(random.Random(seed), outputs=1)
        X = rows_for(program, 5, seed)
        inner = slice(program.inputs, program.inputs + len(program.uniforms))
        expected = np.zeros(len(program.uniforms))
        for row in X:
            eager = eagerly(program, row, program.uniforms)
            eager[program.arrays()[5][0]].backward()
            expected += [u.grad for u in eager[inner]]
        assert close(program.run_sum(X, program.uniforms)[2], expected)


def test_the_gradient_is_by_the_first_uniforms_only_where_others_are_not_wanted():
    steps = Steps(1, [2.0, 3.0])
    program = steps.program([steps.mul(steps.mul(0, 1), 2)])
    X = np.array([[1.0], [10.0], [100.0]])
    assert program.run_sum(X, program.uniforms, uniforms_wanted=1)[2].tolist() == [333.0]
    assert program.run_sum(X, program.uniforms, uniforms_wanted=0)[2].tolist() == []
    assert program.run_sum(X, program.uniforms)[2].tolist() == [333.0, 222.0]


def test_uniforms_are_those_of_the_call():
    steps = Steps(1, [2.0])
    steps.uniform_steps = 1
    squared = steps.mul(1, 1)
    program = steps.program([steps.mul(0, squared)])
    X = np.ones((4, 1))
    assert program.run(X, np.array([3.0]))[0].tolist() == [[9.0]] * 4
    assert program.run_sum(X, np.array([3.0]))[2].tolist() == [24.0]
    assert program.uniforms.tolist() == [2.0]


def test_a_bound_call_reads_and_writes_the_buffers_it_was_given():
    program = sine_of_product()
    x, value, grad, uniforms = np.zeros(2), np.zeros(1), np.zeros(2), np.array([0.5])
    call = program.bind(x, value, grad, uniforms)
    x[:] = 2.0, 0.25
    assert call() is True
    assert value[0] == np.sin(1.0)
    assert close(grad, [np.cos(1.0) * 0.25, np.cos(1.0) * 2.0])
    uniforms[0], x[0] = -1.5, -2.0
    assert call() is False
    assert value[0] == np.sin(-2.0)


def test_a_bound_call_writes_its_outputs_to_several_buffers_one_after_the_other():
    steps = Steps(2)
    product = steps.mul(0, 1)
    program = steps.program([product, 0, 1, product])
    one, two, none = np.zeros(1), np.zeros(3), np.zeros(0)
    assert program.bind(np.array([2.0, 5.0]), (one, none, two))() is True
    assert (one.tolist(), two.tolist()) == ([10.0], [2.0, 5.0, 10.0])


def test_buffers_for_more_or_fewer_outputs_are_refused():
    for sizes in ((1, 1), (2, 1), ()):
        with pytest.raises(ValueError, match=f"value must be arrays of 1 numbers together, not of {sum(sizes)}"):
            sine_of_product().bind(np.zeros(2), tuple(np.zeros(size) for size in sizes))


def test_a_choice_gives_no_gradient_to_what_is_not_chosen():
    steps = Steps(1, [1.0])
    root = steps.sqrt(0)
    program = steps.program([steps.select(steps.gt(0, steps.sub(0, 0)), root, 1)])
    for rows in (1, 4):
        values, _, grads = program.run_grad(np.zeros((rows, 1)), program.uniforms)
        assert values.tolist() == [[1.0]] * rows
        assert grads.tolist() == [[0.0]] * rows  # and not 0 times infinity


def test_a_gradient_of_0_times_an_infinite_slope_is_nan_as_in_eager_code():
    steps = Steps(1, [0.0])
    program = steps.program([steps.select(1, 0, steps.mul(steps.sqrt(0), 1))])
    for rows in (1, 4):
        assert np.isnan(program.run_grad(np.zeros((rows, 1)), program.uniforms)[2]).all()


def test_a_gradient_of_minus_0_is_a_gradient():
    for operation in (lambda steps, x: steps.cos(x), lambda steps, x: steps.mul(x, 2)):
        steps = Steps(1, [1.0, -0.0])
        program = steps.program([steps.select(1, operation(steps, steps.sqrt(0)), 0)])
        for rows in (1, 4):
            assert np.isnan(program.run_grad(np.zeros((rows, 1)), program.uniforms)[2]).all()


def test_rows_that_follow_others_are_not_in_their_sums():
    """A block of three rows has lanes to spare."""
    steps = Steps(1, [1.0])
    program = steps.program([steps.div(1, 0)])
    X = np.array([[2.0], [4.0], [0.0]])
    total, _, grads, values = program.run_sum(X, program.uniforms)
    assert total == grads[0] == np.inf
    assert values.ravel().tolist() == [0.5, 0.25, np.inf]


def test_no_rows_are_rows():
    program = sine_of_product()
    X = np.empty((0, 2))
    assert program.run(X, program.uniforms)[0].shape == (0, 1)
    assert program.run_grad(X, program.uniforms)[2].shape == (0, 2)
    assert program.classify(X, program.uniforms).shape == (0,)
    total, passed, grads, values = program.run_sum(X, program.uniforms)
    assert (total, passed, grads.tolist(), values.shape) == (0.0, 0, [0.0], (0, 1))


# One row.


def check_one_row(steps, results, seed=0):
    """The values are those of eager scalars bit for bit, the gradient is that of their sum, at every call."""
    program = steps.program(results)
    x, value, grad = np.empty(program.inputs), np.empty(len(results)), np.empty(program.inputs)
    call = program.bind(x, value, grad)
    for row in np.random.default_rng(seed).normal(size=(3, program.inputs)):
        x[:] = row
        call()
        eager = eagerly(program, row, program.uniforms)
        fastgrad.sum([eager[v] for v in results]).backward()
        assert value.tobytes() == np.array([eager[v].data for v in results]).tobytes()
        assert close(grad, [x.grad for x in eager[: program.inputs]], 1e-12)


@pytest.mark.parametrize("place", range(-1, 6))
@pytest.mark.parametrize("n", range(1, 7))
def test_a_dot_may_stand_on_the_step_before_in_any_place(n, place):
    """Place -1 is the bias."""
    for other in ("x", "y", "none"):
        steps = Steps(2 * n + 1, [0.5])
        x, y, bias = [*range(n)], [*range(n, 2 * n)], 2 * n
        before = steps.tanh(0)
        if place < 0:
            bias = before
        elif place < n:
            (y if other == "y" else x)[place] = before
        check_one_row(steps, [steps.dot(x, y, NO_VALUE if other == "none" else bias)])


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "atan2", "max"])
def test_an_operation_may_stand_on_the_step_before_with_either_operand_or_both(name):
    for first, second in ((True, False), (False, True), (True, True)):
        steps = Steps(2)
        before = steps.cosh(0)
        operation = getattr(steps, name)(before if first else 1, before if second else 1)
        check_one_row(steps, [steps.sin(operation)])


@pytest.mark.parametrize("uses", range(1, 12))
def test_a_value_may_be_used_in_any_number_of_ways(uses):
    ways = [
        lambda steps, v: steps.add(v, 1), lambda steps, v: steps.mul(v, 1), lambda steps, v: steps.sub(1, v),
        lambda steps, v: steps.tanh(v), lambda steps, v: steps.neg(v), lambda steps, v: steps.mul(v, v),
        lambda steps, v: steps.sum([v, 1, v]), lambda steps, v: steps.atan2(1, v), lambda steps, v: steps.pos(v),
        lambda steps, v: steps.dot([v, 1], [v, v], v), lambda steps, v: steps.select(1, v, 0),
    ]  # fmt: skip
    for start in range(len(ways)):
        steps = Steps(2, [1.0])
        value = steps.sin(0)
        check_one_row(steps, [(ways * 2)[start + k](steps, value) for k in range(uses)])


def test_an_output_may_be_an_operand_and_an_input_and_given_twice():
    steps = Steps(1)
    root = steps.tanh(0)
    check_one_row(steps, [root, 0, steps.mul(root, 0), root])


def test_a_sweep_leaves_nothing_to_the_next_one():
    steps = Steps(2, [1.0])
    program = steps.program([steps.select(1, steps.sqrt(0), steps.mul(0, 2))])
    x, value, grad = np.array([-1.0, 1.0]), np.empty(1), np.empty(2)
    call = program.bind(x, value, grad)
    call()
    assert np.isnan(grad[0])
    x[1] = 0.0
    call()
    assert grad.tolist() == [1.0, 0.0]


# Guards.


@pytest.mark.parametrize("rows", ROWS)
def test_the_first_guard_with_another_outcome_is_told(rows):
    steps = Steps(2)
    zero = steps.sub(0, 0)
    program = steps.program([0], [(steps.gt(0, zero), 1), (steps.gt(1, zero), 0)])
    X = rows_for(program, rows)
    expected = np.where(X[:, 0] <= 0.0, 0, np.where(X[:, 1] > 0.0, 1, -1))
    assert (program.classify(X, program.uniforms) == expected).all()
    assert (program.run(X, program.uniforms)[1] == expected).all()
    assert program.run_sum(X, program.uniforms)[1] == (expected == -1).sum()


@pytest.mark.parametrize("name", ["exp", "log1p", "tanh", "sin", "sigmoid"])
def test_a_guard_decides_as_eager_code_does_in_the_last_bit(name):
    steps = Steps(1, [0.0])
    program = steps.program([0], [(steps.sub(getattr(steps, name)(0), 1), 0)])
    for x in np.random.default_rng(1).uniform(0.1, 3.0, 64):
        exact = eagerly(program, [x], [0.0])[2].data
        assert program.classify(np.full((9, 1), x), np.array([exact])).tolist() == [-1] * 9


def test_nan_is_not_0():
    program = Program(1, [], 0, [], [], [0], [(0, 1)])
    assert program.classify(np.array([[np.nan], [0.0], [1.0], [-0.0]]), np.empty(0)).tolist() == [-1, 0, -1, 0]


# Threads, signals.


def test_results_are_the_same_for_any_number_of_threads():
    program = large_program()
    X = rows_for(program, 40_000)
    one = program.run_sum(X, program.uniforms, inputs_wanted=True)
    for threads in (2, 3, 64):
        for a, b in zip(one, program.run_sum(X, program.uniforms, inputs_wanted=True, num_threads=threads)):
            assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
    for a, b in zip(program.run_grad(X, program.uniforms), program.run_grad(X, program.uniforms, num_threads=2)):
        assert a.tobytes() == b.tobytes()


def test_threads_share_a_program():
    program = large_program()
    X = rows_for(program, 3_000)
    expected = program.run_grad(X, program.uniforms)[2]
    results = []

    def work():
        for rows in (3_000, 7, 600, 1):
            results.append((rows, program.run_grad(X[:rows], program.uniforms)[2]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 16
    for rows, grads in results:
        assert close(grads, expected[:rows])


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_stops_a_long_run(threads):
    """It would take hours, and end by the time limit of `run_python`."""
    code = """
        import signal, sys, threading
        import numpy as np
        from support.program_steps import large_program
        program = large_program(20_000)
        X = np.zeros((10_000_000, 2))
        try:
            threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,)).start()
            program.run_grad(X, program.uniforms, num_threads=int(sys.argv[1]))
        except KeyboardInterrupt:
            print("stopped")
        program.run_grad(X[:5], program.uniforms)
    """
    done = run_python(code, threads, PYTHONPATH=os.pathsep.join(map(str, (PACKAGE_FOLDER.parent, TESTS))))
    assert done.stdout == "stopped\n"


# Bad input.


@pytest.mark.parametrize(
    ("X", "uniforms", "words"),
    [
        (np.zeros((3, 5)), np.zeros(1), r"X must be an array of float64 of shape \(rows, 2\), not \(3, 5\)"),
        (np.zeros(2), np.zeros(1), r"X must be an array of float64 of shape \(rows, 2\), not \(2,\)"),
        (np.zeros((3, 2), dtype=np.float32), np.zeros(1), "X must be .* of format 'f'"),
        (np.zeros((3, 2), dtype=np.int64), np.zeros(1), "X must be .* of format 'l'"),
        (np.zeros((3, 2)), np.zeros(2), r"uniforms must be an array of float64 of shape \(1,\), not \(2,\)"),
    ],
)
def test_arrays_of_the_wrong_kind_are_refused(X, uniforms, words):
    with pytest.raises(ValueError, match=words):
        sine_of_product().run_grad(X, uniforms)


def test_seeds_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"seeds must be an array of float64 of shape \(3, 1\), not \(3, 2\)"):
        sine_of_product().run_grad(np.zeros((3, 2)), np.zeros(1), np.zeros((3, 2)))


def test_a_buffer_that_cannot_be_written_is_refused():
    value = np.zeros(1)
    value.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        sine_of_product().bind(np.zeros(2), value, np.zeros(2))


@pytest.mark.parametrize("threads", [0, -1])
def test_there_is_no_running_on_no_threads(threads):
    program = sine_of_product()
    with pytest.raises(ValueError, match=f"num_threads must be at least 1, not {threads}"):
        program.run(np.zeros((3, 2)), program.uniforms, num_threads=threads)


# Pickles, damaged ones too.


def test_a_program_survives_a_pickle():
    for seed in range(20):
        program = random_program(random.Random(seed))
        again = pickle.loads(pickle.dumps(program))
        X = rows_for(program, 11)
        assert repr(again) == repr(program)
        for a, b in zip(program.run_grad(X, program.uniforms), again.run_grad(X, again.uniforms)):
            assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((1, [], 0, [(0, 0, 0, 0)], [], [], []), "unknown operation"),
        ((1, [], 0, [(9999, 0, 0, 0)], [], [], []), "unknown operation"),
        ((1, [], 0, [(1, 1, 0, 0)], [], [], []), "an operand that comes after it"),
        ((1, [], 1, [(1, 0, 0, 0)], [], [], []), "an operand that varies"),
        ((1, [], 2, [(1, 0, 0, 0)], [], [], []), "counts do not agree"),
        ((1, [], 0, [(DOT, 0, NO_VALUE, 1)], [0], [], []), "operands lie beyond the end"),
        ((1, [], 0, [(DOT, 0, NO_VALUE, 0)], [0], [], []), "a sum has no operands"),
        ((1, [], 0, [(SUM, 0, 0, 0xFFFFFFFF)], [0], [], []), "operands lie beyond the end"),
        ((1, [], 0, [(SELECT, 0xFFFFFFFF, 0, 0)], [0, 0, 0], [], []), "operands lie beyond the end"),
        ((1, [], 0, [(DOT, 0, 5, 1)], [0, 0], [], []), "an operand that comes after it"),
        ((1, [], 0, [], [], [1], []), "an output is no value"),
        ((1, [], 0, [], [], [], [(1, 0)]), "a guard is no value"),
        ((1, [], 0, [], [], [], [(0, 2)]), "a guard is no value"),
        ((0xFFFFFFFF, [], 0, [], [], [], []), "counts do not agree"),
        ((-1, [], 0, [], [], [], []), "inputs must be a number from 0"),
        ((1, [], 0, [(1, 0)], [], [], []), r"steps must be an array of shape \(n, 4\)"),
        ((1, [], 0, [(1, -1, 0, 0)], [], [], []), "steps must be numbers from 0"),
        ((1, [], 0, [(1, 0.5, 0, 0)], [], [], []), "steps must be numbers from 0"),
        ((1, [[1.0]], 0, [], [], [], []), "uniforms must be one row of numbers"),
        ((1, ["a"], 0, [], [], [], []), "uniforms must be one row of numbers"),
    ],
)
def test_what_is_no_program_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        Program(*arguments)


def test_damaged_programs_are_refused_or_run():
    """Numbers anywhere in the arrays are changed; whatever is taken for a program runs to its end."""
    refused = ran = 0
    for seed in range(3000):
        chance = random.Random(seed)
        arrays = [np.array(a) if np.ndim(a) else a for a in random_program(chance).arrays()[:-1]]
        for _ in range(chance.randint(1, 3)):
            damage(chance, arrays)
        try:
            program = Program(*arrays)
        except ValueError:
            refused += 1
            continue
        ran += 1
        X = rows_for(program, chance.choice([1, 5, 40]))
        program.run_sum(X, program.uniforms, inputs_wanted=True)
        program.run(X, program.uniforms)
        program.classify(X, program.uniforms)
    assert refused > 500
    assert ran > 500


def damage(chance, arrays):
    k = chance.choice([0, 2, 3, 3, 3, 4, 4, 5, 6])
    number = chance.choice([chance.randint(0, 150), chance.randint(0, 12), 0xFFFFFFFF, 1 << 30, 1 << 31])
    if k in (0, 2):
        arrays[k] = chance.randint(0, 6)
    elif arrays[k].size:
        arrays[k].flat[chance.randrange(arrays[k].size)] = number


def test_nothing_leaks():
    gc.collect()
    X, uniforms = np.zeros((3, 2)), np.zeros(1)
    before = sys.getrefcount(X), sys.getrefcount(uniforms)
    for _ in range(10):
        program = sine_of_product()
        program.run_grad(X, uniforms)
        program.bind(X[0], np.zeros(1), np.zeros(2), uniforms)()
        with pytest.raises(ValueError, match="seeds"):
            program.run_sum(X, uniforms, np.zeros(1))
    assert (sys.getrefcount(X), sys.getrefcount(uniforms)) == before


@in_processes
@pytest.mark.parametrize(("platform", "ended"), [("linux", 1), ("emscripten", 0)])
def test_threads_are_not_started_where_there_are_none(platform, ended):
    done = run_python(
        """
        import _thread, sys
        def start_new_thread(function, arguments):
            raise RuntimeError("can't start new thread")
        _thread.start_new_thread = start_new_thread
        import numpy as np
        import fastgrad
        from fastgrad import math
        f = fastgrad.compile(lambda x: math.sin(x) * math.exp(x))
        X = np.linspace(0.0, 1.0, 200_000)
        alone = f.batch(X)
        sys.platform = sys.argv[1]
        assert np.array_equal(f.batch(X, num_threads=4), alone)
        """,
        platform,
        check=False,
    )
    assert (done.returncode, "can't start new thread" in done.stderr) == (ended, ended == 1), done.stderr
