"""How models are asked: the environment before the file, tables of their own for SPECs, and nothing that is none."""

from __future__ import annotations

import pytest

from corpus.errors import UsageError
from rag.llm.model_settings import ModelSettings, read_settings
from rag.llm.models import open_model

SPEC = "openai:good"


@pytest.fixture
def written(tmp_path):
    """The function that writes a settings file and returns the environment that names it."""

    def write(text, **variables):
        (tmp_path / "llm.toml").write_text(text, "utf-8")
        return {"SURVEY_QA_LLM_SETTINGS": str(tmp_path / "llm.toml"), **variables}

    return write


def test_without_settings_there_are_the_defaults():
    assert read_settings(SPEC, {}) == ModelSettings()


def test_a_table_of_the_spec_goes_before_what_holds_for_all_and_the_environment_before_both(written):
    env = written(
        'timeout_s = 30\ncontext_length = 4096\n["openai:good"]\ntimeout_s = 20\n["openai:x"]\ntimeout_s = 5\n'
    )
    assert read_settings(SPEC, env).timeout_s == 20
    assert read_settings("openai:other", env).timeout_s == 30
    assert read_settings(SPEC, env).context_length == 4_096
    assert read_settings(SPEC, {**env, "SURVEY_QA_LLM_TIMEOUT_S": "12.5"}).timeout_s == 12.5


def test_an_argument_goes_before_all(server):
    env = {"SURVEY_QA_LLM_TIMEOUT_S": "30", "SURVEY_QA_LLM_CONTEXT_LENGTH": "4096"}
    model = open_model(SPEC, base_url=server.url, timeout_s=7.0, env=env)
    assert (model.timeout_s, model.context_length) == (7.0, 4_096)


def test_organisation_project_and_headers_go_with_the_request(server, written):
    env = written(
        '["openai:good"]\nheaders = { X-Tenant = "surveys" }\n', OPENAI_ORG_ID="org-1", OPENAI_PROJECT_ID="proj-1"
    )
    list(open_model(SPEC, base_url=server.url, env=env).stream([{"role": "user", "content": "Hello?"}]))
    sent = server.headers[0]
    assert (sent["x-tenant"], sent["openai-organization"], sent["openai-project"]) == ("surveys", "org-1", "proj-1")


def test_a_header_of_one_model_is_not_sent_to_anothers_server(server, written):
    env = written('["openai:other"]\nheaders = { X-Tenant = "surveys" }\n')
    list(open_model(SPEC, base_url=server.url, env=env).stream([{"role": "user", "content": "Hello?"}]))
    assert "x-tenant" not in server.headers[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("timeouts = 3", "there is no setting 'timeouts'.*timeout_s"),
        ("timeout_s = 0", "timeout_s in .* is 0; expected a number of seconds from 1 to 3600"),
        ('context_length = "many"', "is 'many'; expected a number of tokens"),
        ('tools = "sometimes"', "expected auto, on or off"),
        ("download_tokenizer = 3", "expected true or false"),
        ('organization = "a\\nb"', "expected a short text"),
        ('headers = { X = "y" }', "belong to one server"),
        ('["openai:good"]\nheaders = { Host = "y" }', "'Host' cannot be sent"),
        ('["openai:good"]\nheaders = { "X Y" = "y" }', "'X Y' cannot be sent"),
        ('["openai:good"]\nheaders = { X = "secret\\nvalue" }', "'X' cannot be sent"),
        ("timeout_s = ", "it is no TOML"),
        ("timeout_s = " + "[" * 20_000, "it is no TOML"),
    ],
)  # fmt: skip
def test_what_is_no_setting_is_refused_with_what_was_expected(written, text, told):
    with pytest.raises(UsageError, match=told) as raised:
        read_settings(SPEC, written(text))
    assert "secret" not in str(raised.value)


def test_a_variable_that_is_none_is_named():
    with pytest.raises(UsageError, match="SURVEY_QA_LLM_TIMEOUT_S is 'soon'"):
        read_settings(SPEC, {"SURVEY_QA_LLM_TIMEOUT_S": "soon"})


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(UsageError, match=r"SURVEY_QA_LLM_SETTINGS names .*nowhere\.toml"):
        read_settings(SPEC, {"SURVEY_QA_LLM_SETTINGS": "nowhere.toml"})


def test_no_header_is_shown(server, written):
    env = written('["openai:401"]\nheaders = { X-Gate = "gate-secret-1" }\n')
    settings = read_settings("openai:401", env)
    assert "gate-secret-1" not in repr(settings) + repr(vars(open_model("openai:401", base_url=server.url, env=env)))


def test_tokens_of_an_openai_model_are_counted_with_its_own_encoding_where_that_is_at_hand(monkeypatch):
    import tiktoken.registry

    from corpus.tokens import get_encoding

    monkeypatch.setitem(tiktoken.registry.ENCODINGS, "o200k_base", get_encoding())  # as one that was loaded before
    model = open_model("openai:gpt-4.1-mini", env={"OPENAI_API_KEY": "sk-test-1"})
    assert model.counts_itself
    assert model.count_tokens("ChatGLM-6B 有 62 亿参数。") == len(get_encoding().encode("ChatGLM-6B 有 62 亿参数。"))


def test_without_it_they_are_estimated_with_a_margin_and_nothing_is_downloaded(monkeypatch, tmp_path):
    import tiktoken.registry

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.delitem(tiktoken.registry.ENCODINGS, "o200k_base", raising=False)
    monkeypatch.setattr("requests.get", lambda *_: pytest.fail("a download"))
    assert not open_model("openai:gpt-4.1-mini", env={"OPENAI_API_KEY": "sk-test-1"}).counts_itself


def test_the_download_is_made_where_the_operator_allows_it(monkeypatch):
    from corpus.tokens import get_encoding

    asked = []
    monkeypatch.setattr("tiktoken.get_encoding", lambda name: asked.append(name) or get_encoding())
    env = {"OPENAI_API_KEY": "sk-test-1", "SURVEY_QA_LLM_DOWNLOAD_TOKENIZER": "true"}
    assert open_model("openai:gpt-4.1-mini", env=env).counts_itself
    assert asked == ["o200k_base"]
