"""Where the package under test lies, and these tests, and the checkout that they are of."""

from pathlib import Path

import fastgrad

PACKAGE_FOLDER = Path(fastgrad.__file__).parent
TESTS = Path(__file__).parents[1]
CHECKOUT = TESTS.parent
