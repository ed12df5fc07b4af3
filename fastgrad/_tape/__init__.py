"""The tape and the numbers on it: nodes, sweeps, handles, `Scalar` and `Value`."""
