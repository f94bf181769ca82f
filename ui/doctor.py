"""What `survey-qa doctor` looks at. Every check says what it found and, where something is wrong, what to do."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

State = Literal["ok", "note", "fail"]

MIN_FREE_BYTES = 1_000_000_000  # an index and a small model fit

ADVICE = """Embedders
  builtin (the default) needs no network and no model. With a network, a multilingual model finds more across languages:
    survey-qa index build --embedder intfloat/multilingual-e5-small            0.5 GB, quick on a CPU
    survey-qa index build --embedder paraphrase-multilingual-MiniLM-L12-v2     0.5 GB, quick on a CPU
    survey-qa index build --embedder BAAI/bge-m3                               2.3 GB, best, wants a GPU or patience
  Questions use the index's own embedder. The first build downloads the model from the Hugging Face hub.
  Without a network: copy the model's folder here and give its path, as in
    survey-qa index build --embedder /models/bge-m3"""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: ``note`` is worth knowing, ``fail`` keeps something from working."""

    name: str
    state: State
    finding: str
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the fields by name, for JSON."""
        return asdict(self)


def examine(
    *,
    home: Path | None = None,
    index: Path | str | None = None,
    llm: str = "extractive",
    llm_base_url: str | None = None,
) -> list[Check]:
    """Return the findings, in the order in which a person should read them."""
    from rag.settings import home_directory

    where = home_directory(home)
    return [
        _python(),
        *_packages(),
        _home(where),
        _disk(where),
        _index(index, home),
        _language_model(llm, llm_base_url),
    ]


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check("Python", "ok", found)
    return Check("Python", "fail", found, "survey-qa runs on Python 3.11 to 3.13. Make a virtual environment with one.")


def _packages() -> list[Check]:
    """Return one check for all packages that we need, and one for each that is missing."""
    try:
        needed = [_name_of(line) for line in metadata.requires("survey-qa") or () if "extra ==" not in line]
    except metadata.PackageNotFoundError:
        return [Check("survey-qa", "note", "runs from its folder, not installed", "Install it: pip install -e .")]
    versions = {name: _version_of(name) for name in needed}
    missing = [name for name, version in versions.items() if version is None]
    found = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    checks = [Check("packages", "ok", found)] if found else []
    return checks + [Check(name, "fail", "is not installed", f"pip install {name}") for name in missing]


def _name_of(requirement: str) -> str:
    """Return the name of a requirement.

    >>> _name_of("faiss-cpu<2,>=1.15")
    'faiss-cpu'
    """
    end = next((n for n, c in enumerate(requirement) if not (c.isalnum() or c in "-_.")), len(requirement))
    return requirement[:end]


def _version_of(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _home(home: Path) -> Check:
    nearest = _nearest(home)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        return Check("home", "fail", f"{home} cannot be written", "Choose another one with --home or SURVEY_QA_HOME.")
    return Check("home", "ok", str(home) if nearest == home else f"{home} (made when first needed)")


def _nearest(home: Path) -> Path:
    """Return the home, or the innermost folder above it that is there and may be looked at."""
    return next(folder for folder in (home, *home.parents) if os.path.exists(folder))  # noqa: PTH110 Path.exists raises


def _disk(home: Path) -> Check:
    free = shutil.disk_usage(_nearest(home)).free
    if free < MIN_FREE_BYTES:
        return Check("disk", "note", f"{free / 1e9:.1f} GB free", "Free some, or move the home with --home.")
    return Check("disk", "ok", f"{free / 1e9:.0f} GB free")


def _index(directory: Path | str | None, home: Path | None) -> Check:
    from corpus.errors import SurveyQAError
    from index import Index, IndexNotFound
    from rag.settings import default_index_directory

    where = directory or default_index_directory(home)
    try:
        opened = Index.open(where)
    except IndexNotFound:
        if directory is None:
            return Check("index", "note", "not built yet; the first question builds it in a few seconds")
        return Check("index", "fail", f"there is none in {where}", f"survey-qa index build PATH --index {where}")
    except SurveyQAError as error:
        return Check("index", "fail", str(error))
    found = f"{len(opened.documents())} documents in {len(opened)} passages at {where}"
    return Check("index", "note", f"{found}; {opened.degraded}") if opened.degraded else Check("index", "ok", found)


def _language_model(llm: str, base_url: str | None) -> Check:
    if llm == "extractive":
        return Check("reader", "ok", "extractive: answers with the documents' own sentences, no model needed")
    from corpus.errors import SurveyQAError
    from rag.llm.models import open_model

    try:
        open_model(llm, base_url=base_url)
    except SurveyQAError as error:
        return Check("reader", "fail", str(error))
    return Check("reader", "ok", f"{llm} can be used as named; whether it answers, `survey-qa ask --llm {llm}` tells")
