"""Lowering. The contract is in the header, lower.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy

from fastgrad._programs.graph cimport (
    arrays_of, dag_begin, dag_call, dag_captured, dag_constant, dag_free, dag_input, no_memory,
)
from fastgrad._tape.describe cimport symbol_of
from fastgrad._tape.handle cimport MANY, Handle
from fastgrad._tape.kinds cimport Kind, Symbols, algebra, has_results, kind_at, results_of, symbol
from fastgrad._tape.tape cimport (
    HAS_CALLBACK, OP_END, OP_FIRST_BINARY, OP_FIRST_CV, OP_FIRST_NARY, OP_FIRST_VC, OP_LEAF, OP_TO_CV, OP_TO_VC,
    OP_pick, op_jumps_at, slot_count, slot_node, tape,
)

from fastgrad._tape.observer import TraceError

cdef extern from "programs/program.h" nogil:
    enum:
        MOST_CALLED

# Lists of items.

cdef uint32_t *room(Ids *ids, uint64_t n) except NULL:
    """Make room for n more."""
    cdef uint64_t capacity = 2 * <uint64_t>ids.capacity + n + 16
    cdef void *moved
    if ids.count + n > ids.capacity:
        moved = realloc(ids.id, capacity * sizeof(uint32_t)) if capacity < 1 << 31 else NULL
        if moved == NULL:
            no_memory()
        ids.id = <uint32_t *>moved
        ids.capacity = <uint32_t>capacity
    return ids.id + ids.count


cdef int add(Ids *ids, uint32_t i) except -1:
    room(ids, 1)[0] = i
    ids.count += 1
    return 0


cdef class Lowering(Symbols):
    def __cinit__(self, list inputs, uint32_t start, uint32_t end):
        cdef uint32_t k
        self.inputs, self.start, self.end, self.functions = inputs, start, end, []
        self.needed = <uint8_t *>calloc(<size_t>end - start + 1, 1)
        self.item = <uint32_t *>calloc(<size_t>end - start + 1, sizeof(uint32_t))
        self.outside = <uint32_t *>calloc(start, sizeof(uint32_t))
        if self.needed == NULL or self.item == NULL or self.outside == NULL or not dag_begin(&self.dag):
            no_memory()
        self.algebra = <algebra *>&self.dag.algebra
        for k in range(<uint32_t>len(inputs)):
            self.outside[(<Handle>inputs[k]).node] = dag_input(&self.dag, k)

    def __dealloc__(self):
        dag_free(&self.dag)
        free(self.needed)
        free(self.item)
        free(self.outside)
        free(self.captured.id)
        free(self.results.id)
        free(self.work.id)

    cdef symbol of_number(self, uint32_t node) except? 0:
        """The item of a number."""
        if node >= self.start:
            return self.item[node - self.start]
        if self.outside[node] == 0:
            self.outside[node] = captured_item(self, node)
        return self.outside[node]

    cdef symbol *of_results(self, uint32_t node) except NULL:
        """The items of the results of a node of many."""
        if node < self.start:
            raise TraceError("a batch from outside cannot be used in a compiled function: compute it inside")
        if results_of(node).count == 1:
            return self.item + (node - self.start)
        return self.results.id + self.item[node - self.start]

    cdef symbol *room(self, uint64_t n) except NULL:
        self.work.count = 0
        return room(&self.work, n)

    cdef symbol called(self, function, const symbol *x, uint32_t n) except? 0:
        if n > MOST_CALLED:
            raise TraceError(f"{function!r} is given {n:,} numbers: a program gives {MOST_CALLED:,} at most")
        if function not in self.functions:
            self.functions.append(function)
        return dag_call(&self.dag, <uint32_t>self.functions.index(function), x, n)

    cdef int lower(self, list outputs, list guards) except -1:
        """Make items of all that the outputs and guards stand on."""
        mark_needed(self, outputs, guards)
        lower_nodes(self)
        return no_memory() if self.dag.failed else 0

    cdef tuple arrays(self, list outputs, list guards):
        """A program's arrays, after lowering: see Program."""
        import numpy

        cdef uint32_t k
        roots = numpy.array([root_of(self, x) for x in outputs] + [root_of(self, x) for x, _ in guards], numpy.uint32)
        captured = [tape.data[self.captured.id[k]] for k in range(self.captured.count)]
        return arrays_of(&self.dag, <uint32_t>len(self.inputs), captured, roots, [truth for _, truth in guards],
                         tuple(self.functions))


cdef uint32_t root_of(Lowering self, x) except? 0:
    """The item of a scalar or float."""
    if isinstance(x, Handle):
        if (<Handle>x).type_code == MANY:
            raise TypeError(f"an output must be a scalar or a number, not {x!r}: give its scalars, batch[i]")
        return self.of_number((<Handle>x).node)
    return dag_constant(&self.dag, x)


# Which nodes are needed.

cdef inline void need(Lowering self, uint32_t node, uint8_t how) noexcept:
    if node >= self.start:
        self.needed[node - self.start] |= how


cdef inline bint jumps_at(uint32_t node, uint32_t k) noexcept:
    """Does a node's value jump where the operand in its slot k passes a number? It then needs that exactly."""
    cdef uint32_t op = tape.op[node]
    return op < OP_END and op_jumps_at(op, k + 1 if OP_FIRST_CV <= op < OP_FIRST_BINARY else k)


cdef int mark_needed(Lowering self, list outputs, list guards) except -1:
    cdef uint32_t i, k
    cdef uint8_t how
    for x in outputs:
        if isinstance(x, Handle):
            if (<Handle>x).node >= self.end:
                raise ValueError(f"{x!r} was made after the recording")
            need(self, (<Handle>x).node, NEEDED)
    for x, _ in guards:
        need(self, (<Handle>x).node, NEEDED | EXACTLY)
    for i in range(self.end - 1, self.start - 1, -1):
        how = self.needed[i - self.start]
        if how:
            self.reached += 1
            for k in range(slot_count(i)):
                need(self, slot_node(i, k), how | EXACTLY if jumps_at(i, k) else how)
    return 0


# Items of nodes.

cdef uint32_t captured_item(Lowering self, uint32_t node) except? 0:
    add(&self.captured, node)
    return dag_captured(&self.dag, self.captured.count - 1)


cdef int lower_nodes(Lowering self) except -1:
    cdef algebra *s = self.algebra
    cdef uint32_t i, op, a
    for i in range(self.start, self.end):
        if not self.needed[i - self.start]:
            continue
        op = tape.op[i]
        self.dag.exact = self.needed[i - self.start] & EXACTLY
        if op == OP_LEAF:
            a = s.constant(s, tape.data[i])
        elif op < OP_FIRST_VC:
            a = s.one(s, op, self.of_number(tape.first[i]))
        elif op < OP_FIRST_CV:
            a = s.two(s, op - OP_TO_VC, self.of_number(tape.first[i]), s.constant(s, tape.second[i].constant))
        elif op < OP_FIRST_BINARY:
            a = s.two(s, op - OP_TO_CV, s.constant(s, tape.second[i].constant), self.of_number(tape.first[i]))
        elif op < OP_FIRST_NARY:
            a = s.two(s, op, self.of_number(tape.first[i]), self.of_number(tape.second[i].node))
        else:
            a = lower_many(self, i)
        self.item[i - self.start] = a
    return 0


cdef uint32_t lower_many(Lowering self, uint32_t i) except? 0:
    """The item of a node of many operands; of many results, the place of the first."""
    cdef Kind *kind = kind_at(i)
    if tape.op[i] & HAS_CALLBACK:
        cannot(i, "its gradient is a Python function's")
    if tape.op[i] == OP_pick and tape.first[i] < self.start:  # a number of a batch from outside
        return captured_item(self, i)
    if kind.lower == NULL:
        cannot(i, "what it computes is known to Python only. Write it with operations of fastgrad.math")
    return keep(self, kind.lower(self, i), results_of(i).count if has_results(i) else 1)


cdef int cannot(uint32_t i, str why) except -1:
    raise TraceError(f"{symbol_of(i) or 'a node made from outside'} cannot be compiled: {why}")


cdef uint32_t keep(Lowering self, const symbol *results, uint64_t n) except? 0:
    """Keep the items of n results behind those that are there; return the item of their node."""
    cdef uint32_t place = self.results.count
    if n == 1:
        return results[0]
    memcpy(room(&self.results, n), results, n * sizeof(symbol))
    self.results.count += <uint32_t>n
    return place
