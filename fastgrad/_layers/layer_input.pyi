from typing import Any

from fastgrad._layers.dense import Dense

# Scalars are of the parameters' type, or of a more derived one of the inputs.
def apply(layers: list[Dense], x: Any) -> Any: ...
