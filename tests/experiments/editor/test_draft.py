"""A draft knows where each block stands, whatever is done around it, and every change can be undone."""

from hypothesis import given
from hypothesis import strategies as st

from experiments.editor.draft import Draft

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.text("abc\n", min_size=1, max_size=4)),
        st.tuples(st.just("erase"), st.none()),
        st.tuples(st.just("move"), st.integers(-6, 6)),
        st.tuples(st.just("move_lines"), st.integers(-2, 2)),
    ),
    max_size=25,
)


def act(draft, action, argument):
    if action == "insert":
        return draft.insert(argument, argument, "person")
    return draft.erase() if action == "erase" else getattr(draft, action)(argument)


@given(ACTIONS)
def test_blocks_never_overlap_and_hold_only_what_their_writer_wrote(actions):
    draft = Draft("text", "zz", "yy\nxx")
    for action, argument in actions:
        draft = act(draft, action, argument)
    end, outside = 0, ""
    for block in draft.blocks:
        assert end <= block.begin < block.end <= len(draft.text)
        assert set(draft.text[block.begin : block.end]) <= set(block.writer)
        outside += draft.text[end : block.begin]
        end = block.end
    assert not set("abc") & set(outside + draft.text[end:])


@given(ACTIONS)
def test_undoing_every_change_leads_back(actions):
    first = draft = Draft("text", "zz", "yy")
    for action, argument in actions:
        draft = act(draft, action, argument)
    while draft.previous is not None:
        draft = draft.undo()
    assert draft.text == first.text
    assert draft.blocks == ()


def test_a_block_put_into_another_parts_it():
    draft = Draft("text", "").insert("abcd", "words", "person").move(-2).insert("X", "keyboard", "person")
    assert [(b.begin, b.end, b.writer) for b in draft.blocks] == [(0, 2, "words"), (2, 3, "keyboard"), (3, 5, "words")]
    assert draft.block_at_cursor().writer == "keyboard"


def test_the_cursor_keeps_its_column_where_there_is_one():
    draft = Draft("text", "abcd", "\nx\nabcd")
    assert draft.move_lines(1).before == "abcd\nx"
    assert draft.move_lines(2).before == "abcd\nx\nabcd"
    assert draft.move_lines(-1) == draft


def test_a_windows_line_end_is_one_character_to_the_cursor():
    draft = Draft("text", "a\r\n", "b")
    assert draft.move(-1).before == "a"
    assert draft.move(-1).move(1).before == "a\r\n"
    assert draft.erase().text == "ab"
