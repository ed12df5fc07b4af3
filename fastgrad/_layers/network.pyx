# distutils: extra_compile_args = -O3
"""Networks as one node. The contract is in the header, network.pxd.

A program that runs lets go of the GIL, and making an array may run a finalizer: either may move the tape's arrays. So
programs are given copies, and what they give is copied back.
"""

import functools

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastgrad._layers.blas cimport place_of
from fastgrad._layers.layer cimport SHAPE_REALS, layer, layer_of, layer_shape, layer_size, row_of_layers, shape_of
from fastgrad._programs.arrays cimport new_array
from fastgrad._programs.rows cimport (
    Executable, Execution, begin, give_seeds, make_grads, make_values, program, run, wanted,
)
from fastgrad._tape.handle cimport Handle
from fastgrad._tape.kinds cimport Kind, add_kind
from fastgrad._tape.tape cimport payload

cdef extern from "programs/network.h" nogil:
    bint network_program(program *p, uint32_t nin, const layer_size *size, uint32_t layers)

cdef enum:
    KEPT = 64  # programs


@functools.lru_cache(maxsize=KEPT)
def program_for(uint32_t nin, bytes sizes):
    """The program of layers of these sizes."""
    cdef Executable executable = Executable.__new__(Executable)
    cdef uint32_t layers = <uint32_t>(<uint64_t>PyBytes_GET_SIZE(sizes) // sizeof(layer_size))
    if not network_program(&executable.p, nin, <const layer_size *>PyBytes_AS_STRING(sizes), layers):
        raise MemoryError(f"no memory to compile {layers} layers")
    return executable


cdef Executable executable_of(uint32_t node):
    cdef layer_shape shape = shape_of(node)
    sizes = PyBytes_FromStringAndSize(
        <char *>(payload(node).reals + SHAPE_REALS), shape.layers * <Py_ssize_t>sizeof(layer_size)
    )
    return program_for(shape.nin, sizes)


cdef object uniforms_of(Executable executable, Handle owner, uint32_t node):
    """The parameters that the node keeps, and the program's own constants after them."""
    cdef double *numbers
    cdef layer at
    array = new_array(executable.p.uniforms, &numbers)
    at = layer_of(place_of(owner, node))
    memcpy(numbers, executable.p.uniform, executable.p.uniforms * sizeof(double))
    memcpy(numbers, at.kept, at.shape.parameters * sizeof(double))
    return array


cdef void keep_parameters(uint32_t node) noexcept:
    """A sweep is that of the results there are, even if the parameters have changed since."""
    cdef layer at = layer_of(node)
    memcpy(at.kept, at.parameters, at.shape.parameters * sizeof(double))


cdef object inputs_of(Handle owner, uint32_t node):
    cdef double *numbers
    cdef layer at = layer_of(place_of(owner, node))
    array = new_array((at.shape.rows, at.shape.nin), &numbers)
    at = layer_of(place_of(owner, node))
    memcpy(numbers, at.in_, <uint64_t>at.shape.rows * at.shape.nin * sizeof(double))
    return array


cdef int network_value(Handle owner, uint32_t node) except -1:
    keep_parameters(place_of(owner, node))
    cdef Executable executable = executable_of(place_of(owner, node))
    cdef wanted asked = wanted(outputs=True, inputs=False, uniforms=0, guards=False, careful=False)
    cdef Execution rows = begin(executable, inputs_of(owner, node), uniforms_of(executable, owner, node), asked)
    cdef layer at
    make_values(rows)
    run(rows, 1)
    at = layer_of(place_of(owner, node))
    memcpy(at.results, rows.call.values, <uint64_t>at.shape.rows * at.shape.nout * sizeof(double))
    return 0


cdef int network_pull(uint32_t node) except -1:
    cdef Executable executable = executable_of(node)
    cdef layer at = layer_of(node)
    cdef bint passes_on = at.in_adjoint != NULL
    cdef uint32_t parameters = at.shape.parameters
    X, uniforms, seeds = inputs_of(None, node), uniforms_of(executable, None, node), taken_adjoints(node)
    cdef wanted asked = wanted(outputs=True, inputs=passes_on, uniforms=parameters, guards=False, careful=False)
    cdef Execution rows = begin(executable, X, uniforms, asked)
    give_seeds(rows, seeds)
    if passes_on:
        make_grads(rows)
    run(rows, 1)
    give_gradients(node, rows, parameters)
    return 0


cdef object taken_adjoints(uint32_t node):
    """A copy of the results' adjoints, which are 0 after it."""
    cdef double *numbers
    cdef layer at = layer_of(node)
    array = new_array((at.shape.rows, at.shape.nout), &numbers)
    at = layer_of(node)
    memcpy(numbers, at.adjoint, <uint64_t>at.shape.rows * at.shape.nout * sizeof(double))
    memset(at.adjoint, 0, <uint64_t>at.shape.rows * at.shape.nout * sizeof(double))
    return array


cdef void give_gradients(uint32_t node, Execution rows, uint32_t parameters) noexcept:
    cdef layer at = layer_of(node)
    cdef const double *adjoint = rows.sums[0].uniform_adjoint + at.shape.nin
    cdef uint64_t k
    for k in range(parameters):
        at.parameter_grad[k] += adjoint[k] + 0.0
    if at.in_adjoint != NULL:
        for k in range(<uint64_t>at.shape.rows * at.shape.nin):
            at.in_adjoint[k] += rows.call.input_grads[k]


cdef int network_value_again(uint32_t node) except -1:
    return network_value(None, node)


cdef Kind row = row_of_layers()
row.name, row.symbol = b"network", b"network"
row.pull_with_python, row.recompute_with_python = network_pull, network_value_again
NETWORK = add_kind(row)
