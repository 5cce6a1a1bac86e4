"""The contrast of colours, against values that are published for them."""

from __future__ import annotations

import pytest

from ledger.core.branding import PLAIN, contrast


@pytest.mark.parametrize(
    ("first", "second", "hundredths"),
    [
        ("#000000", "#ffffff", 2100),  # the most that there is
        ("#ffffff", "#ffffff", 100),
        ("#777777", "#ffffff", 447),  # the grey that just fails 4.5 to 1
        ("#767676", "#ffffff", 454),  # and the one that just passes
        ("#ff0000", "#ffffff", 399),  # red: luminance 0.2126, so 1.05 / 0.2626
        ("#0000ff", "#ffffff", 859),  # blue: luminance 0.0722, so 1.05 / 0.1222
    ],
)
def test_contrast_is_that_of_the_guidelines(first: str, second: str, hundredths: int) -> None:
    assert contrast(first, second) == contrast(second, first) == hundredths


def test_plain_accent_is_dark_enough_for_text() -> None:
    assert contrast(PLAIN.accent, "#ffffff") >= 450
