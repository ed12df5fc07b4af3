# distutils: extra_compile_args = -O3
"""Innermost loops, many rounds at a time. The contract is in the header, blocks.pxd."""

from cpython.object cimport PyObject
from libc.stdint cimport int16_t, int64_t, uint32_t

from fastgrad._kernels.arithmetic cimport make_room
from fastgrad._kernels.changes cimport Run
from fastgrad._kernels.columns cimport INDEX, ROUNDS, Plan, free_plan
from fastgrad._kernels.effects cimport make_all, set_all
from fastgrad._kernels.fields cimport hides, state_of
from fastgrad._kernels.operands cimport Block, entry
from fastgrad._kernels.plans cimport new_plan
from fastgrad._kernels.program cimport Loop, Program
from fastgrad._kernels.registers cimport NODE, Register, kinds
from fastgrad._kernels.rounds cimport do_rounds
from fastgrad._kernels.steps cimport do_step
from fastgrad._tape.tape cimport tape


cdef enum:
    PLANS = 8  # of a loop, as the types it meets change


# Plans, of which a loop keeps the last two.

cdef inline PyObject *object_at(const Register *registers, int16_t x) noexcept:
    return registers[-1 - x].content.object


cdef bint does(const Plan *plan, const Register *registers) noexcept:
    """Do the registers hold what the plan was made for?"""
    cdef uint32_t i, k
    cdef const Register *register
    if plan.nodes and kinds[plan.code & 0xFF].version != plan.version:
        return False
    for i in range(plan.list_count):
        for k in range(plan.list_count):
            if i != k and plan.sets[i] and object_at(registers, plan.lists[i]) == object_at(registers, plan.lists[k]):
                return False
    for i in range(plan.expected_count):
        register = &registers[plan.expected[i].place]
        if register.tag != plan.expected[i].tag:
            return False
        if register.tag == NODE and (
            register.type_code != plan.expected[i].type_code or register.whole
            or kinds[register.type_code].version != plan.expected[i].version
            or hides(plan, state_of(register.node))
        ):
            return False
    return True


cdef Plan *plan_made(Run *run, Program program, Loop *loop) noexcept:
    """A new plan, in the place of the one that was used least recently."""
    if loop.plans_made == PLANS:
        loop.is_straight = False
        return NULL
    loop.plans_made += 1
    free_plan(loop.other)
    loop.other, loop.plan = loop.plan, new_plan(run, program, loop)
    return loop.plan if loop.plan != NULL and does(loop.plan, run.registers) else NULL


# Blocks.

cdef uint32_t do_steps(Block *block) noexcept:
    """Do the steps, each for all rounds."""
    cdef uint32_t k
    for k in range(block.plan.step_count):
        block.rounds = do_step(block, &block.plan.steps[k])
        if block.rounds == 0:
            break
    return block.rounds


cdef int64_t run_block(Block *block, int64_t index, uint32_t rounds) noexcept:
    """Do so many rounds, or fewer; return how many. -1 where what they set could not be set."""
    cdef const Plan *plan = block.plan
    cdef uint32_t k
    if tape.count + rounds * plan.nodes >= tape.limit and not make_room(rounds * plan.nodes + 1):
        return 0
    block.base, block.first, block.rounds = tape.count, 0, rounds
    for k in range(rounds):
        block.columns[INDEX].integer[k] = index + k
    block.rounds = do_rounds(block) if plan.carried_count else do_steps(block)
    if block.rounds == 0:
        return 0
    tape.count = block.base + block.rounds * plan.nodes
    if plan.sets_anything:
        if not make_all(block):
            tape.count = block.base
            return 0
        if not set_all(block):
            return -1
    for k in range(plan.kept_count):
        block.run.registers[plan.kept[k].place] = entry(block, plan.kept[k].column, block.rounds - 1)
    return block.rounds


cdef int64_t run_with(Run *run, const Plan *plan, const Loop *loop, int64_t index, int64_t length) noexcept:
    cdef Block block
    cdef int64_t done
    if plan == NULL:
        return index
    block.run, block.plan, block.columns, block.is_statement = run, plan, plan.columns, loop.is_statement
    done = run_block(&block, index, <uint32_t>min(<int64_t>ROUNDS, length - index))
    return index + done if done >= 0 else -1


cdef int64_t run_blocks(
    Run *run, Program program, Loop *loop, int64_t index, int64_t length, bint follows_round
) noexcept:
    cdef int64_t next = index
    if loop.plan != NULL and does(loop.plan, run.registers) and (follows_round or not loop.plan.needs_round):
        next = run_with(run, loop.plan, loop, index, length)
        if next != index:
            return next
    if loop.other != NULL and does(loop.other, run.registers) and (follows_round or not loop.other.needs_round):
        loop.plan, loop.other = loop.other, loop.plan
        next = run_with(run, loop.plan, loop, index, length)
        if next != index:
            return next
    if follows_round:
        next = run_with(run, plan_made(run, program, loop), loop, index, length)
    return next
