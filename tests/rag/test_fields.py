"""Fields on lines, and lines that begin to tell of one thing after another."""

from corpus import Document
from rag.reading.fields import fields_of, find_leads

NUMBERED = """# 水泵盘点

**1. 清泉一号**
厂商:清泉机械;发布:2012 年 5 月;流量:30 升
很耐用。

**2. 清泉二号**
厂商:清泉机械;发布:2016 年 8 月;流量:45 升

**3. 深井王**
厂商:远山泵业;发布:2014 年 1 月;流量:80 升
"""
SENTENCES = """# Pumps

Brook 1. Maker: Alder Works (UK). First sold: May 2018. Runs on mains power.
It is quiet.

Brook 2. Maker: Alder Works. First sold: August 2023.

Geyser. Maker: Tarn Ltd. First sold: July 2019.
"""
WORDS = """# Words

- **Head**: the height to which a pump lifts.
- **Prime**: to fill a pump before it starts.
- **Seal**: what keeps water in.
"""


def fields(text):
    return [(field.label, field.value) for field in fields_of(text, 0, len(text))]


def leads(text):
    return [lead.name for lead in find_leads(Document.from_text(text, id="a.md", kind="markdown"))]


def test_several_fields_on_a_line_are_apart():
    assert fields("厂商:清泉机械;流量:30 升") == [("厂商", "清泉机械"), ("流量", "30 升")]


def test_a_value_ends_where_its_sentence_ends():
    assert fields("Maker: Alder Works. It is quiet.") == [("Maker", "Alder Works")]


def test_an_address_is_no_field():
    assert fields("https://pumps.example/one") == []


def test_bold_names_with_fields_are_leads():
    assert leads(NUMBERED) == ["清泉一号", "清泉二号", "深井王"]


def test_names_before_fields_on_a_line_are_leads():
    assert leads(SENTENCES) == ["Brook 1", "Brook 2", "Geyser"]


def test_a_list_of_words_is_no_list_of_things():
    assert leads(WORDS) == []
