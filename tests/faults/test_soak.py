"""The soak of every night, small: a served product that is asked hundreds of questions while its documents change."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOAK = ROOT / "tests" / "benchmarks" / "soak.py"


@pytest.fixture(scope="module")
def soak():
    spec = importlib.util.spec_from_file_location("faults_soak", SOAK)
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
    return sys.modules[spec.name]


@pytest.mark.parametrize(
    ("growing", "by", "flat"),
    [("resident_mib", 0.0, True), ("resident_mib", 2.0, True), ("resident_mib", 20.0, False), ("handles", 10.0, False), ("threads", 5.0, False), ("disk_mib", 1.0, False)],
)  # fmt: skip
def test_what_grows_from_the_second_quarter_to_the_last_is_not_flat(soak, growing, by, flat):
    look = soak.Look(0, 0, 400.0, 40, 8, 14.0, 3)
    looks = [replace(look, **{growing: getattr(look, growing) + by * number}) for number in range(12)]

    assert soak.is_flat(soak.quarters(looks), 4.0) is flat


def test_people_ask_in_two_languages_and_seldom_the_same_twice(soak):
    person = soak.Person(1, ["How many parameters does Elm-2 have?", "榆树有多少参数?"])
    bodies = [
        body for path, body, right in (person.next() for _ in range(2_000)) if path == "/api/ask" and right == 200
    ]
    asked = [json.loads(body)["question"] for body in bodies]

    assert len(set(asked)) > len(asked) // 2
    assert (
        0.3 < sum(any("\u4e00" <= letter <= "\u9fff" for letter in question) for question in asked) / len(asked) < 0.7
    )


@pytest.mark.long
def test_a_soak_of_some_hundred_questions_holds_still(tmp_path):
    options = [
        "--questions",
        "400",
        "--people",
        "3",
        "--workers",
        "1",
        "--documents",
        "small",
        "--changes",
        "150",
        "--warm",
        "100",
    ]
    done = subprocess.run(
        [sys.executable, SOAK, *options, "--growth", "50"], env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip

    report = json.loads(done.stdout)
    assert (done.returncode, report["wrong"], report["answered_otherwise_at_the_end"]) == (0, [], []), done.stdout
    assert report["questions"] >= 400
    assert report["changes"] >= 3
    assert {"answered", "unanswered", "refused body"} <= report["outcomes"].keys()
