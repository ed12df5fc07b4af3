"""Python's loops over numbers as kernels: registers, programs, and the machine that runs them."""
