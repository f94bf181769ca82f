"""Other words for the same, in general language."""

from rag.understanding.wording import same_terms, same_words


def test_irregular_forms_lead_to_each_other():
    assert "wrote" in same_words("write")
    assert "write" in same_words("written")


def test_an_everyday_verb_leads_to_its_doer():
    assert "founder" in same_words("founded")
    assert "创始" in same_words("创立")


def test_a_word_of_a_subject_has_no_others():
    assert same_words("telescope") == ()


def test_the_terms_of_other_words_are_those_of_the_index_without_the_words_own():
    assert "written" in same_terms("wrote")
    assert not {"wrot", "wrote"} & set(same_terms("wrote"))
