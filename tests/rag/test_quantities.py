"""Numbers in texts that were made to break reading them."""

import pytest

from rag.grounding.checking import support
from rag.understanding.quantities import find_quantities


@pytest.mark.parametrize(
    "text", ["1" + "亿" * 60, "一" + "亿" * 60, "nine " + "hundred " * 300], ids=["1亿", "一亿", "nine"]
)
def test_a_number_too_large_for_a_float_is_no_number(text):
    assert find_quantities(text) == []
    assert 0 <= support("GPT-3 was trained on 52K samples.", text) <= 1


def test_a_number_after_white_space_begins_at_its_first_character():
    (quantity,) = find_quantities("costs    $  600 now")
    assert (quantity.start, quantity.end, quantity.unit) == (9, 15, "usd")
    (bare,) = find_quantities("about    600 now")
    assert (bare.start, bare.end) == (9, 12)
