# distutils: extra_compile_args = -O3
"""Operands of steps. The contract is in the header, operands.pxd."""

from libc.stdint cimport int16_t, uint32_t

from fastgrad._kernels.columns cimport ITSELF_NUMBER, Step
from fastgrad._kernels.registers cimport FLOAT, NODE, Register, set_node, set_tag


cdef void numbers_of(Block *block, const Step *step, int16_t x, Numbers *found) noexcept:
    cdef const Register *register
    cdef double same = step.number
    cdef uint32_t k
    found.at = found.own
    if x >= 0 and block.plan.tags[x] == FLOAT:
        found.at = block.columns[x].number
    elif x >= 0:
        for k in range(block.first, block.rounds):
            found.own[k] = <double>block.columns[x].integer[k]
    else:
        if x != ITSELF_NUMBER:
            register = &block.run.registers[-1 - x]
            same = register.content.number if register.tag == FLOAT else <double>register.content.integer
        for k in range(block.first, block.rounds):
            found.own[k] = same


cdef Register entry(Block *block, int16_t x, uint32_t k) noexcept:
    """What an operand holds in a round."""
    cdef Register found
    if x < 0:
        return block.run.registers[-1 - x]
    found.content.integer = 0
    if block.plan.tags[x] == NODE:
        set_node(&found, block.columns[x].node[k], NODE, block.plan.type_codes[x], False)
    else:
        set_tag(&found, block.plan.tags[x])
        found.content.integer = block.columns[x].integer[k]
    return found
