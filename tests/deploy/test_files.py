"""The files for running survey-qa as a service say what the program does: options, addresses, and where it writes."""

import configparser
import fnmatch
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def instructions():
    """The instructions of the Dockerfile, as (name, arguments) in their order; continued lines are one."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def last_stage():
    everything = instructions()
    first = max(at for at, (name, _) in enumerate(everything) if name == "FROM")
    return everything[first:]


def of(name, stage=None):
    return [arguments for each, arguments in stage or instructions() if each == name]


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def unit():
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str
    parser.read(DEPLOY / "survey-qa.service")
    return parser


def options_of(*command):
    """The options that a command has, from its own help."""
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", done.stdout))


def given(arguments):
    return {argument.partition("=")[0] for argument in arguments if argument.startswith("-")}


def started():
    """How each file starts the server: its arguments after the program's name."""
    return {
        "Dockerfile": json.loads(of("CMD", last_stage())[-1]),
        "compose.yaml": compose()["services"]["survey-qa"]["command"],
        "survey-qa.service": shlex.split(unit()["Service"]["ExecStart"])[1:],
    }


@pytest.mark.parametrize("file", ["Dockerfile", "compose.yaml", "survey-qa.service"])
def test_every_option_that_a_server_is_started_with_exists(file):
    command, *arguments = started()[file]
    assert command == "serve"
    assert given(arguments)
    assert given(arguments) <= options_of("serve")


def test_the_image_is_made_of_files_that_there_are():
    assert of("FROM")[0].endswith(" AS build")
    kept = [line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    for arguments in of("COPY"):
        if not arguments.startswith("--from"):
            *sources, _ = arguments.split()
            assert all((ROOT / source).exists() for source in sources)
            assert all(any(fnmatch.fnmatch(source, pattern) for pattern in kept) for source in sources)
    assert "-c constraints.txt" in " ".join(of("RUN"))


def test_the_extras_of_the_image_exist():
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (chosen,) = [arguments.partition("=")[2] for arguments in of("ARG") if arguments.startswith("EXTRAS")]
    assert set(chosen.split(",")) <= set(extras)


def test_the_container_runs_without_privileges_and_writes_to_its_home_only():
    stage = last_stage()
    user = of("USER", stage)[-1]
    assert not user.startswith(("0", "root"))
    environment = " ".join(of("ENV", stage))
    assert "SURVEY_QA_HOME=/data" in environment
    assert "HOME=/data" in environment
    assert of("VOLUME", stage) == ["/data"]


def test_the_health_check_asks_what_answers_without_a_key():
    from ui.http.door import OPEN

    (check,) = of("HEALTHCHECK", last_stage())
    assert "http://127.0.0.1:7860/healthz" in check
    assert "/healthz" in OPEN


def test_the_team_s_services_are_closed_and_bounded():
    services = compose()["services"]
    ours = services["survey-qa"]
    assert ours["read_only"]
    assert ours["cap_drop"] == ["ALL"]
    assert [mount.partition(":")[0] for mount in ours["tmpfs"]] == ["/tmp"]
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    for service in services.values():
        assert "no-new-privileges:true" in service["security_opt"]
        assert "privileged" not in service


def test_what_the_team_s_services_keep_is_declared():
    file = compose()
    mounts = [mount.split(":") for service in file["services"].values() for mount in service.get("volumes", ())]
    for source, *_, last in mounts:
        assert source in file["volumes"] or (source.startswith("../") and last == "ro")
    assert ["data", "/data"] in mounts
    assert set(file["services"]["survey-qa"]["depends_on"]) <= set(file["services"])


def test_the_server_is_led_to_the_services_beside_it():
    services = compose()["services"]
    _, *arguments = services["survey-qa"]["command"]
    addresses = re.findall(r"//([\w.-]+):", " ".join(arguments))
    assert set(addresses) == {"milvus", "llm"} <= set(services)


def test_the_unit_keeps_everything_in_the_folder_that_systemd_makes():
    service = unit()["Service"]
    home = f"/var/lib/{service['StateDirectory']}"
    text = (DEPLOY / "survey-qa.service").read_text()
    assert f"SURVEY_QA_HOME={home}" in text
    assert service["WorkingDirectory"] == home
    assert (service["ProtectSystem"], service["DynamicUser"], service["NoNewPrivileges"]) == ("strict", "yes", "yes")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_takes_the_unit(tmp_path):
    copy = tmp_path / "survey-qa.service"
    copy.write_text((DEPLOY / "survey-qa.service").read_text().replace("/opt/survey-qa/bin/survey-qa", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")
