"""The workflows of the public CI: pinned, with no rights that they do not need, and naming only what there is."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML reads workflows")
ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in FILES}
JOBS = [
    pytest.param(job, id=f"{stem}-{name}") for stem, flow in WORKFLOWS.items() for name, job in flow["jobs"].items()
]
OURS = ("tests/", ".ci/", "constraints.txt", "requirements.lock", ".github/", "deploy/")


def commands(flow):
    """Return the words of every line that a workflow runs."""
    lines = [
        line for job in flow["jobs"].values() for step in job["steps"] for line in step.get("run", "").splitlines()
    ]
    return [shlex.split(part) for line in lines for part in line.split("&&")]


COMMANDS = [words for flow in WORKFLOWS.values() for words in commands(flow)]
SCRIPTS = [words for words in COMMANDS if any(word.startswith("tests/") and word.endswith(".py") for word in words)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_action_is_pinned_by_its_commit_with_its_version_beside_it(file):
    used = re.findall(r"uses: *(\S+)(.*)", file.read_text("utf-8"))

    assert used
    assert [name for name, _ in used if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", name)] == []
    assert [rest for _, rest in used if not re.fullmatch(r" # v\d+\.\d+\.\d+", rest)] == []


def test_one_version_of_an_action_serves_everywhere():
    used = {name for file in FILES for name in re.findall(r"uses: *(\S+)", file.read_text("utf-8"))}

    assert len({name.partition("@")[0] for name in used}) == len(used)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_workflow_may_write_or_keeps_the_right_to(name):
    flow = WORKFLOWS[name]
    given = [flow["permissions"], *(job.get("permissions", {}) for job in flow["jobs"].values())]
    checkouts = [step for job in flow["jobs"].values() for step in job["steps"] if "checkout" in step.get("uses", "")]

    assert [rights for rights in given if not set(rights.items()) <= {("contents", "read")}] == []
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("job", JOBS)
def test_every_job_ends_and_takes_no_words_of_strangers_into_its_commands(job):
    assert 0 < job["timeout-minutes"] <= 300
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


def test_every_file_that_is_named_is_there():
    named = {word for words in COMMANDS for word in words if word.startswith(OURS)}

    assert {"tests/fuzz/run.py", "tests/benchmarks/soak.py", "tests/faults", ".ci/run", "requirements.lock"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("words", SCRIPTS, ids=lambda words: " ".join(words)[:40])
def test_every_option_of_a_script_is_one_that_it_takes(words):
    script = next(word for word in words if word.endswith(".py"))
    given = [word for word in words[words.index(script) :] if word.startswith("--")]
    known = (
        subprocess.run([sys.executable, ROOT / script, "--help"], capture_output=True, text=True, check=True).stdout
        if given
        else ""
    )

    assert [option for option in given if not re.search(rf"{option}\b", known)] == []


def test_every_extra_that_is_installed_is_one_of_ours():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    wanted = {
        extra
        for words in COMMANDS
        for word in words
        for found in re.findall(r"^\.\[(.+)\]$", word)
        for extra in found.split(",")
    }

    assert wanted
    assert wanted - extras.keys() == set()


def test_every_tool_is_installed_in_one_version():
    installed = [
        word
        for words in COMMANDS
        if "install" in words and "pip" in words
        for word in words[words.index("install") + 1 :]
    ]
    tools = [word for word in installed if re.match(r"[a-z][\w-]+(==|$)", word) and "/" not in word]

    assert tools
    assert [word for word in tools if "==" not in word] == []


def test_every_variable_that_is_set_is_read_by_a_test():
    texts = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    named = {name for flow in WORKFLOWS.values() for job in flow["jobs"].values() for name in job.get("env", {})}

    assert named
    assert [name for name in named if f'"{name}"' not in texts] == []


def test_every_night_what_takes_long_is_done():
    nightly = [" ".join(words) for words in commands(WORKFLOWS["nightly"])]

    assert any(line.startswith("python tests/fuzz/run.py --minutes 10") for line in nightly)
    assert any(line.startswith("python tests/benchmarks/soak.py --questions 1000000") for line in nightly)
    assert any(line.startswith("pip-audit") for line in nightly)
    assert WORKFLOWS["nightly"]["jobs"]["kills"]["env"]["SURVEY_QA_KILLS"] == "500"
