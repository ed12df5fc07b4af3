from .scalar import Scalar
