import json
import re
import stat

import pytest

from corpus.errors import UsageError
from ui.cli import main
from ui.http.keys import KeyRing, KeysUnreadable


@pytest.fixture
def ring(tmp_path):
    return KeyRing(tmp_path / "home" / "keys.json")


def test_a_key_is_found_by_what_was_shown_once(ring):
    secret = ring.create("our chat", ["ask"])

    assert ring.find(secret).name == "our chat"
    assert ring.find(secret[:-1] + ("a" if secret[-1] != "a" else "b")) is None
    assert ring.find("") is None


def test_only_a_hash_is_kept_where_nobody_else_reads(ring, tmp_path):
    secret = ring.create("a", ["ask"])
    path = tmp_path / "home" / "keys.json"

    assert secret not in path.read_text()
    assert secret.split("-", 2)[2] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_revoked_key_is_refused_by_another_ring_at_once(ring, tmp_path):
    secret = ring.create("a", ["ask"])
    other = KeyRing(tmp_path / "home" / "keys.json")
    assert other.find(secret)

    ring.revoke("a")

    assert other.find(secret) is None


def test_admin_reaches_every_scope_and_the_others_only_themselves(ring):
    ask, admin = (ring.find(ring.create(name, [name])) for name in ("ask", "admin"))

    assert ask.allows("ask")
    assert not ask.allows("documents")
    assert admin.allows("documents")


@pytest.mark.parametrize("name", ["", "  ", "a" * 65, "a\nb"])
def test_a_name_that_cannot_be_shown_is_refused(ring, name):
    with pytest.raises(UsageError, match="1 to 64 characters"):
        ring.create(name, ["ask"])


def test_a_name_is_given_once(ring):
    ring.create("a", ["ask"])

    with pytest.raises(UsageError, match="There is a key 'a' already"):
        ring.create("a", ["ask"])


def test_a_file_that_others_may_read_is_not_used(ring, tmp_path):
    ring.create("a", ["ask"])
    (tmp_path / "home" / "keys.json").chmod(0o644)

    with pytest.raises(KeysUnreadable, match="chmod 600"):
        KeyRing(tmp_path / "home" / "keys.json").listed()


@pytest.mark.parametrize(
    "text", ["", "[]", "[" * 20_000, '{"keys": [{"id": "a"}]}', '{"keys": 5}', '{"keys": [{"scopes": ["root"]}]}']
)
def test_a_damaged_file_says_so(tmp_path, text):
    path = tmp_path / "keys.json"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(KeysUnreadable, match="is no file of keys"):
        KeyRing(path).listed()


def test_keys_are_made_listed_and_revoked_by_commands(tmp_path, capsys):
    home = ["--home", str(tmp_path)]

    assert main(["keys", "create", "bot", "--scope", "ask", "--scope", "documents", *home]) == 0
    assert re.fullmatch(r"sq-[0-9a-f]{8}-\S{43}\n", capsys.readouterr().out)
    assert main(["keys", "list", "--json", *home]) == 0
    (listed,) = json.loads(capsys.readouterr().out)["keys"]
    assert (listed["name"], listed["scopes"]) == ("bot", ["ask", "documents"])
    assert "digest" not in listed
    assert main(["keys", "revoke", "bot", "--json", *home]) == 0
    assert json.loads(capsys.readouterr().out) == {"revoked": listed["id"], "name": "bot"}
    assert main(["keys", "revoke", "bot", *home]) == 2
    assert "There is no key 'bot'" in capsys.readouterr().err


def test_a_scope_that_does_not_exist_is_wrong_usage(tmp_path, capsys):
    assert main(["keys", "create", "bot", "--scope", "root", "--home", str(tmp_path)]) == 2
    assert "'root' is no scope" in capsys.readouterr().err
