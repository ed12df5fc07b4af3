"""Dialects: fastgrad's numbers, and networks made of them, with the names, signatures and looks of teaching engines.

- `micrograd`: the two modules of the package of that name.
- `eurekalabs`: the course on micrograd by Eureka Labs, whose script draws from a generator of its own.
- `microgpt`: the numbers and the helpers of a GPT in 200 lines.
- `minitorch`: the course's scalar module, with its modules and its optimizer; gradients are called derivatives.
- `seed0`: a tutorial on perceptrons, whose numbers are called Scalar.
- `seed1`: a notebook that sets a small Value engine beside PyTorch.
- `seed2`: a notebook that builds a Value engine from the derivative on.

The last three never were packages and have no names of their own: they are numbered. ``fastgrad run`` serves micrograd
to programs under its own name and those three with ``--replace``, such as ``--replace nn=seed1``; the others are
imported.

A neuron of a dialect is Python on numbers, as its tutorial has it: a sum of products and a bias, then the activation.
So a drawing shows the values inside, each number can be replaced, and what a sweep leaves inside the next one passes on
(but in `minitorch`, where only leaves keep it). The fast layers are in `fastgrad.nn`.
"""
