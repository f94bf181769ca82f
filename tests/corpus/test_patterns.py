import subprocess
import sys

from corpus.patterns import pattern


def test_a_pattern_finds_what_the_compiled_one_finds() -> None:
    digits = pattern(r"\d+")
    assert digits.findall("GPT-3 has 175B") == ["3", "175"]
    assert digits.fullmatch("12") is not None
    assert digits.sub("n", "a1b22") == "anbn"


def test_importing_corpus_compiles_none_of_its_patterns() -> None:
    program = "import re, corpus, corpus.furniture as f; print('findall' in vars(f._PHRASES), len(re._cache) < 20)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "False"
