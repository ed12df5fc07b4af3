"""Attributes that other libraries' numbers have, and those here have not: what to say when one is asked for."""


class Absent:
    """A place in a class where there is no attribute, with what to use instead. ``hasattr`` is False as elsewhere.

    A ``__getattr__`` would slow down what is there.
    """

    def __init__(self, name: str, instead: str) -> None:
        self.name, self.instead = name, instead

    def __get__(self, instance: object, owner: type) -> None:
        kind = f"type object {owner.__name__!r}" if instance is None else f"{owner.__name__!r} object"
        raise AttributeError(f"{kind} has no attribute {self.name!r}: {self.instead}")


def names_of(x: object) -> list[str]:
    """List the names of an object's attributes, as ``dir`` does, without those that are absent."""
    absent = {name for kind in type(x).__mro__ for name, what in vars(kind).items() if isinstance(what, Absent)}
    return [name for name in object.__dir__(x) if name not in absent or name in vars(x)]
