"""What ``fastgrad run`` was asked for, and what came of it."""

from __future__ import annotations

from fastgrad.run import reading


class Settings:
    """What ``fastgrad run`` was asked for, and what came of it."""

    def __init__(self) -> None:
        self.start(strict=False, explain=False)
        self.active = False

    def start(self, strict: bool, explain: bool) -> None:
        """Begin a program."""
        self.strict, self.explain, self.active = strict, explain, True
        self.exchanged: list[type] = []
        self.left_alone: list[type] = []
        self.nodes_of_trials = 0
        reading.sources.clear()


settings = Settings()
