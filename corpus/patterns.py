"""Regular expressions that are compiled when they are first used.

The patterns that clean and read documents take 60 ms to compile, which a question to a finished index need not wait for.
"""

from __future__ import annotations

import re
from typing import Any, cast


def pattern(source: str, flags: int | re.RegexFlag = 0) -> re.Pattern[str]:
    r"""Return what behaves like ``re.compile(source, flags)``, without compiling it yet.

    >>> pattern(r"\d+").findall("GPT-3 has 175B parameters")
    ['3', '175']
    """
    return cast("re.Pattern[str]", _Later(source, flags))


class _Later:
    """Stands for a compiled pattern; the first use of a method compiles it and keeps the method."""

    def __init__(self, source: str, flags: int | re.RegexFlag) -> None:
        self.pattern = source  # other patterns are made of it
        self._flags = flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 whatever the pattern has
        value = getattr(re.compile(self.pattern, self._flags), name)
        self.__dict__[name] = value
        return value
