"""What reads questions, texts and answers goes through long runs once: the time grows with their length.

Each runs in a process of its own, as nothing ends a pattern that does not come back.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 60  # what is linear takes about one; what is quadratic takes minutes, what is worse never ends
WORK = {
    "a claim of who made it": "from rag.grounding.checking import check; check('一一' + '在' * 4_000 + '。', 'GPT-3 由谁发布')",
    "tabs before a field": "from rag.reading.fields import fields_of; list(fields_of('\\t' * n + 'x', 0, n))",
    "a name in bold after tabs": "from rag.reading.fields import find_leads; from corpus import Document; find_leads(Document('a', '1. **1.' + '\\t' * n + 'x'))",
    "an aside after spaces": "from rag.reading.records import key_of; key_of('a' + ' ' * n + 'b')",
    "colons in an answer": "from corpus import Document, split; from index import Index; from rag.grounding.citing import resolve_marks; "
    "hits = Index.build(split([Document.from_text('It has 48 dishes.', id='a')])).search('dishes'); resolve_marks('It: ' + ':' * n + ' 48 [1].', hits)",
    "a question of particles": "from rag import Assistant; from corpus import Document, split; from index import Index; "
    "Assistant(Index.build(split([Document.from_text('GPT-3 came before GPT-4.', id='a')]))).ask('GPT-3 之后' + '的是' * 500 + '模型')",
    "numerals": "from rag.understanding.quantities import find_quantities; find_quantities('百' * n + 'x')",
    "question marks": "from rag.understanding.courtesy import without_courtesy; without_courtesy('能告诉我' + '?' * n + '的')",
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK.keys())
def test_long_runs_take_a_time_that_grows_with_their_length(work):
    done = subprocess.run([sys.executable, "-c", f"n = 100_000; {work}"], cwd=ROOT, check=False, timeout=SECONDS)

    assert done.returncode == 0
