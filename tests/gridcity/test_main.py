"""Commands speak the language of the terminal they are typed in."""

import pytest

from gridcity.__main__ import language_of


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-hans"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.GB18030", "LC_ALL": ""}, "zh-hans"),
    ],
)
def test_the_terminal_says_which_language(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language
