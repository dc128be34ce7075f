"""Names in scope and their roles."""

from generation.python.history import History, Reader, Reading, role_symbols
from generation.python.lexer import LexState, lex

PROGRAM = """\
import math
from os import path as place


class Box:
    limit = 3

    def __init__(self, size):
        self.size = size

    def fits(self, other):
        return other <= self.size


def grow(boxes, by=2):
    count = 0
    for i, box in enumerate(boxes):
        with open(box) as handle:
            count += i * by
"""


def scope_of(before):
    return History.of(Reader().read(before)).scope


def roles(source):
    return role_symbols(lex(LexState(), source)[0], Reading())[0]


def test_names_have_the_roles_they_are_bound_in():
    bound = {name: role for name, (role, _) in scope_of(PROGRAM).bound.items()}
    assert bound == {
        "math": "import",
        "place": "import",
        "Box": "class",
        "grow": "function",
        "boxes": "parameter",
        "by": "parameter",
        "count": "number",
        "i": "index",
        "box": "item",
        "handle": "local",
    }


def test_names_leave_with_their_function():
    assert set(scope_of(PROGRAM + "\n\nx").bound) == {"math", "place", "Box", "grow"}


def test_what_self_was_given_is_an_attribute():
    method = PROGRAM[: PROGRAM.index("        return other")]
    assert set(scope_of(method).attributes) == {"size", "fits", "__init__", "limit"}


def test_a_name_mentioned_lately_comes_first():
    line = "def f(first, second):\n    x = second + first\n    "
    names = scope_of(line).names(())
    assert names["<parameter:1>"] == ["first"]
    assert names["<parameter:2>"] == ["second"]
    assert names["<local:first>"] == ["x"]


def test_programs_with_other_names_are_the_same_symbols():
    one, other = (f"def f({p}):\n    for {i} in {p}:\n        g({i}, {p})\n" for p, i in (("a", "b"), ("cs", "d")))
    assert roles(one)[8:] == roles(other)[8:] or roles(one)[10:] == roles(other)[10:]


def test_a_loop_inside_brackets_binds_until_the_line_ends():
    assert scope_of("y = [x for x in range(3) if ").bound["x"][0] == "inner"
    assert "x" not in scope_of("y = [x for x in range(3)]\n").bound


def test_an_indent_and_a_dedent_tell_what_their_block_begins_with():
    assert [s for s in roles("if a:\n    b\nc\n") if "dent" in s] == ["<indent:if>", "<dedent:if>"]


def test_keywords_that_continue_a_block_need_it():
    after_if = scope_of("if a:\n    b\nx")
    assert after_if.may_begin("elif")
    assert not after_if.may_begin("except")
    assert not after_if.may_begin("return")
    assert scope_of("def f():\n    x").may_begin("return")


def test_a_long_program_keeps_the_names_mentioned_last():
    source = "".join(f"name{i} = {i}\n" for i in range(1000))
    bound = scope_of(source).bound
    assert len(bound) <= 120
    assert "name999" in bound
