"""Dialects: fastgrad's numbers and networks with the names, signatures and defaults of teaching engines.

- `micrograd`: the two modules of the package of that name.
- `seed0`: a tutorial on perceptrons, whose numbers are called Scalar.
- `seed1`: a notebook that sets a small Value engine beside PyTorch.
- `seed2`: a notebook that builds a Value engine from the derivative on.

The last three never were packages and have no names of their own: they are numbered. ``fastgrad run`` serves all of
them to programs, micrograd under its own name and the others with ``--replace``, such as ``--replace nn=seed1``.
"""
