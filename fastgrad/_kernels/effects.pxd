"""What a block sets: entries of lists, and numbers' data and gradients."""

from fastgrad._kernels.steps cimport Block

cdef bint make_all(Block *block) noexcept  # what is to be set; False where there is no memory
cdef bint set_all(Block *block) noexcept   # then; False where a list could not grow
