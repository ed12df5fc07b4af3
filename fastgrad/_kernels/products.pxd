"""Sums of products of two lists' entries, in one step: the loop in which most programs spend their time."""

from libc.stdint cimport uint32_t

from fastgrad._kernels.columns cimport Plan, Step
from fastgrad._kernels.operands cimport Block

cdef bint are_products_summed(const Plan *plan) noexcept  # are a plan's steps those of one?
cdef void join_steps(Plan *plan) noexcept                 # have it in one step
cdef uint32_t sum_products(Block *block, const Step *step) noexcept  # how many rounds hold
