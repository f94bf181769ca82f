"""What every test has: a home of its own run, so that none touches that of the person who runs it."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def home_of_the_run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("SURVEY_QA_HOME", str(home))
        yield home
