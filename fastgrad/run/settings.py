"""What ``fastgrad run`` was asked for, and what came of it."""

from __future__ import annotations

from fastgrad.run import reading

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable


class Settings:
    """What ``fastgrad run`` was asked for, and what came of it."""

    def __init__(self) -> None:
        self.start(strict=False, explain=False, also=())
        self.active = False

    def start(self, strict: bool, explain: bool, also: Iterable[str], fuse: bool = True) -> None:
        """Begin a program."""
        self.strict, self.explain, self.also, self.fuse, self.active = strict, explain, list(also), fuse, True
        self.has_children = False
        self.exchanged: list[type] = []
        self.left_alone: list[type] = []
        self.nodes_of_trials = 0
        reading.sources.clear()


settings = Settings()
