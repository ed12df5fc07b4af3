"""Recordings: from the nodes that a function makes to a program."""
