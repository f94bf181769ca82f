"""The product runs where nothing but its home and the folder for temporary files can be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENTER = """
set -e
mount --make-rprivate /
mount --bind / {top}
mount --rbind /dev {top}/dev
mount --rbind /proc {top}/proc
mount -o remount,ro,bind {top}
mount --bind {home} {top}{home}
mount -t tmpfs tmpfs {top}/var/tmp
exec chroot {top} setpriv --bounding-set=-all --inh-caps=-all --no-new-privs bash -e -c '
! touch /left-behind 2>/dev/null
cd {home}
survey_qa() {{ {python} -m ui.cli "$@"; }}
survey_qa ask "How many parameters does GPT-3 have?" --json
survey_qa index build {docs} --workers 2 >&2
survey_qa index verify >&2
{python} {root}/tests/deploy/serve_once.py'
"""


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_read_only_root_is_enough(tmp_path):
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a view of the disk of its own cannot be made here (unshare)")
    home, docs, top = tmp_path / "home", tmp_path / "docs", tmp_path / "top"
    for folder in (home, docs, top):
        folder.mkdir()
    (docs / "a.md").write_text("# Lamps\n\nThe lamp of the pier burns 40 watts.", "utf-8")
    script = ENTER.format(top=top, home=home, docs=docs, python=sys.executable, root=ROOT)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "SURVEY_QA_HOME": str(home), "TMPDIR": "/var/tmp"}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*alone, "bash", "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "175B" in done.stdout
    assert "40 watts" in done.stdout.splitlines()[-1]
    assert (home / "index" / "CURRENT").is_file()
