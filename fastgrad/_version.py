"""The version, in a file that building the package can read without compiling it."""

__version__ = "0.7.0"
