"""The example programs lie in the checkout and are no part of the package."""

import sys

from support.places import CHECKOUT

sys.path.append(str(CHECKOUT))  # at the end: an installed fastgrad stays the one that is tested
