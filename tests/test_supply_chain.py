"""What is installed along: pinned with hashes, free to use, and listed."""

import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[\w,]+\])?==([^\s;]+)", re.MULTILINE)
NEVER = {"torch"}  # its build depends on the machine


def pins(name):
    return {found[1].lower().replace("_", "-"): found[2] for found in PIN.finditer((ROOT / name).read_text("utf-8"))}


def test_everything_that_is_needed_is_pinned_with_its_hashes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["office"]]
    needed = {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in lines} - NEVER
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "requirements.lock").read_text("utf-8"))[1:]

    assert needed - pins("requirements.lock").keys() == set(), "run tests/tools/lock.sh"
    assert all("--hash=sha256:" in entry for entry in entries)


def test_both_lists_of_pins_name_the_same_versions():
    locked, held = pins("requirements.lock"), pins("constraints.txt")

    assert {name: (version, held[name]) for name, version in locked.items() if held.get(name, version) != version} == {}


@pytest.fixture(scope="module")
def licences():
    pytest.importorskip("packaging", reason="packaging reads requirements")
    spec = importlib.util.spec_from_file_location("licences_tool", ROOT / "tests" / "tools" / "licences.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_everything_that_is_installed_along_may_be_used_freely(licences):
    found = licences.licences()

    assert len(found) > 80
    assert [(one.package, one.words, one.trouble) for one in found if one.trouble] == []


def test_every_package_that_is_installed_along_is_listed_with_its_licence(licences):
    listed = (ROOT / "docs" / "licences.md").read_text("utf-8")

    assert [one.package for one in licences.licences() if f"| {one.package} |" not in listed] == []


@pytest.mark.parametrize("words", ["AGPL-3.0-only", "GNU General Public License v3", "", "All rights reserved"])
def test_a_licence_that_binds_or_is_unknown_is_told(licences, words):
    assert licences.Licence("some-package", "1", words).trouble
