from . import scalar
from .scalar import Value as _V

Tensor = _V   # the name that the rest of the package uses
