"""What to do instead of what cannot be recorded: for messages."""

REMEDY = "Use operations and functions of fastgrad.math; where() for a choice; or pass what is needed as an argument"

REMEDIES = {  # by what is done with a number x
    "making a scalar": "A recorded number is a scalar already: use it as it is",
    "float()": (
        "Python's math asks for it: use fastgrad.math, and pass what has no derivative there, gamma for instance, as "
        "an argument. Numpy asks for it where a number is put into an array of floats: use a list, or dtype=object"
    ),
    "int()": "x - fmod(x, 1.0) is the whole part, with fmod of fastgrad.math",
    "trunc()": "x - fmod(x, 1.0) is the whole part, with fmod of fastgrad.math",
    "floor()": "The method x.floor() is recorded, and x - x.floor() is the fractional part",
    "ceil()": "The method x.ceil() is recorded",
    "round()": "x.rint() is recorded, and rounds halves to even numbers, as round() does",
    "isnan()": "Ask x != x in an if: nan alone differs from itself",
    "isinf()": "Ask abs(x) == math.inf in an if",
    "isfinite()": "Ask abs(x) < math.inf in an if",
    "isclose()": "Compare abs(x - y) with a tolerance in an if",
}
