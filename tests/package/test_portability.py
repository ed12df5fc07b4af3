"""Any C11 compiler can compile the package: a compiler's own words stand in one header, which can do without them."""

import math
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HEADER = ROOT / "src" / "operations" / "portable.h"
OWN_WORDS = re.compile(
    r"__(?:attribute|builtin|typeof|extension|atomic|sync|asm|label|declspec|GNUC|clang|forceinline)|_Pragma|#pragma"
    r"|\b_MSC_VER|\btypeof\b|\bM_(?:PI|E|LN|LOG|SQRT|\d)"
)

pytestmark = pytest.mark.skipif(not (ROOT / "src").exists(), reason="tested outside the checkout")


def sources():
    """C, and what Cython makes C of, but what is for one instruction set, and the choice among these."""
    files = [path for folder in ("src", "fastgrad") for path in (ROOT / folder).rglob("*")]
    own = re.compile(r"kernels(_avx\w+|_neon)?\.c|vector_sums\.h")
    return [path for path in files if re.search(r"\.(c|h|def|pyx|pxd)$", path.name) and not own.fullmatch(path.name)]


def test_words_of_compilers_stand_in_one_header():
    text = {path: path.read_text(encoding="utf-8") for path in sources()}
    assert [path for path in text if OWN_WORDS.search(text[path])] == [HEADER]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PI", math.pi),
        ("TWO_OVER_SQRT_PI", 1.1283791670955126),
        ("SQRT2", math.sqrt(2.0)),
        ("SQRT_HALF", math.sqrt(0.5)),
        ("LN2", math.log(2.0)),
        ("LN10", math.log(10.0)),
        ("LOG2_E", math.log2(math.e)),
        ("LOG10_E", math.log10(math.e)),
    ],
)
def test_constants_are_those_of_the_c_library(name, value):
    assert float(re.search(rf"^#define {name} (.+)$", HEADER.read_text(), re.MULTILINE)[1]) == value
