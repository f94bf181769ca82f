import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"corpus_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def writers() -> ModuleType:
    """The module that writes surveys in every format."""
    return _load("writers")


@pytest.fixture(scope="session")
def written(writers: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every survey in every format."""
    folder = tmp_path_factory.mktemp("written")
    writers.write_all(folder)
    return folder


@pytest.fixture
def site():
    """A web site on this machine."""
    with _load("site").serve() as running:
        yield running
