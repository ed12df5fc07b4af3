"""Benchmarks: what a gradient costs, next to the same Python without one and next to other engines."""
