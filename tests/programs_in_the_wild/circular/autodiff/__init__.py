from .core import Var
from . import functions as F
