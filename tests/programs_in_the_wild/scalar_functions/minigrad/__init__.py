from .autodiff import Context, backpropagate, central_difference, topological_sort
from .scalar import Scalar, ScalarHistory
from .scalar_functions import Add, Exp, Inv, Log, Mul, Neg, ReLU, ScalarFunction, Sigmoid
