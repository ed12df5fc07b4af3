"""Sweeps as other engines have them.

fastgrad's own passes on all of a node's grad, what was there before included. Here a sweep passes on what it brings
itself, tells a grad that it brought from one that nothing has reached, or gives the derivatives away and keeps none.
"""

from fastgrad._tape.handle cimport Handle

# Add to each grad what this sweep brings, whatever the grads were before; with `leaves_only` to leaves alone.
cdef int sweep_own(Handle root, double gradient, bint leaves_only) except -1

# Let a grad of 0 be told from one that no sweep has reached: it is -0.0.
cdef int mark_reached(Handle root, bint leaves_only) except -1
