"""Names that a program has bound where the cursor stands, the roles they are mentioned in, and the blocks around."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from generation.python.lexer import KEYWORDS, Token
from generation.python.symbols import DEDENT, INDENT, NEWLINE

_OPENERS, _CLOSERS = frozenset("([{"), frozenset(")]}")
_OWNERS = frozenset({"self", "cls"})
_N_RANKED = 3  # names of a role that have symbols of their own; the others share the last
_N_NAMES = 120  # names that are kept: those mentioned last
_N_PARAMETERS = 40  # tokens that a lambda's parameters may be
_VALUE_ROLES = {
    **dict.fromkeys(("[", "list", "sorted"), "list"),
    **dict.fromkeys(("{", "dict", "set", "defaultdict", "Counter"), "dict"),
    **dict.fromkeys(("len", "sum", "int", "max", "min", "abs", "float", "round"), "number"),
    **dict.fromkeys(("str",), "string"),
    **dict.fromkeys(("True", "False"), "flag"),
}
_LASTING = frozenset({"function", "class", "import"})
_VALUES = ("local", "list", "dict", "number", "string", "flag", "global")
ROLES = ("parameter", "index", "item", "inner", *_VALUES, *sorted(_LASTING), "attribute")
ROLE_SYMBOLS = (
    "<owner>",
    *(f"<{role}:{rank}>" for role in ROLES for rank in ("first", "later", *map(str, range(1, _N_RANKED + 1)))),
)
_HEADS = ("def", "method", "class", "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "other")
BLOCK_SYMBOLS = {kind: tuple(f"<{kind[1:-1]}:{head}>" for head in _HEADS) for kind in (INDENT, DEDENT)}
BOUND_TO_BLOCKS = ("elif", "else", "except", "finally", "return", "yield", "break", "continue")
# What a statement may begin with only after a block that began so.
_CONTINUES = {
    "elif": frozenset({"if", "elif"}),
    "else": frozenset({"if", "elif", "for", "while", "except"}),
    "except": frozenset({"try", "except"}),
    "finally": frozenset({"try", "except", "else"}),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Names bound so far, by how lately they were mentioned.

    A name that is mentioned has a symbol: its role, and "first" or "later" among those of its role that no one has used
    yet, else its place among those mentioned last, as move-to-front coding [1]_ has it. The symbols of a line thereby
    say which names it repeats, whatever they are called.

    Parameters
    ----------
    bound : mapping of str to (str, int)
        Role of each name, and how many functions and classes are around it.
    recent : tuple of str
        Names, the one mentioned last in front.
    unused : tuple of str
        Names that were not mentioned since they were bound, in the order of binding.
    attributes : tuple of str
        Attributes of ``self``, the one mentioned last in front.
    frames : tuple of (int, bool)
        Depth of indentation in each function and class around the cursor, and whether it is a class.
    blocks : tuple of str
        What each block around the cursor begins with, outermost first.
    heads : tuple of str
        What the last statement at each depth of indentation began with, as far as the cursor's depth.

    References
    ----------
    .. [1] Bentley, Sleator, Tarjan & Wei (1986). A locally adaptive data compression scheme. CACM 29(4).
    """

    bound: Mapping[str, tuple[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    recent: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    frames: tuple[tuple[int, bool], ...] = ()
    blocks: tuple[str, ...] = ()
    heads: tuple[str, ...] = ("",)

    @property
    def level(self) -> int:
        """Depth of indentation."""
        return len(self.blocks)

    @property
    def is_script(self) -> bool:
        """Whether the program has no class so far."""
        return not any(role == "class" for role, _ in self.bound.values())

    def layout_symbol(self, layout: str) -> str:
        """What stands for layout: an indent and a dedent tell what the block begins with."""
        if layout == INDENT:
            return f"<indent:{self.heads[-1] or 'other'}>"
        if layout == DEDENT:
            return f"<dedent:{self.blocks[-1] if self.blocks else 'other'}>"
        return layout

    def may_begin(self, keyword: str) -> bool:
        """Whether a statement may begin with this keyword here."""
        if keyword in _CONTINUES:
            return self.heads[-1] in _CONTINUES[keyword]
        if keyword in ("return", "yield"):
            return any(not is_class for _, is_class in self.frames)
        if keyword in ("break", "continue"):
            return any(block in ("for", "while") for block in self.blocks)
        return True

    def symbol(self, line: Sequence[Token], text: str) -> str:
        """What stands for a token: its role if it is a bound name, else itself.

        Parameters
        ----------
        line : sequence of Token
            The logical line before it.
        """
        if line and line[-1].text == ".":
            if text not in self.attributes or not _is_owned(line):
                return text
            return _ranked("attribute", self.attributes.index(text))
        if text not in self.bound or text in KEYWORDS:
            return text
        if text in _OWNERS:
            return "<owner>"
        return next((symbol for symbol, name in self._visible() if name == text), text)

    def names(self, line: Sequence[Token]) -> dict[str, list[str]]:
        """The names that each symbol may stand for next, likeliest first."""
        if line and line[-1].text == ".":
            pairs: Iterable[tuple[str, str]] = (
                ((_ranked("attribute", place), name) for place, name in enumerate(self.attributes))
                if _is_owned(line)
                else ()
            )
        else:
            pairs = self._visible()
        names: dict[str, list[str]] = {}
        for symbol, name in pairs:
            names.setdefault(symbol, []).append(name)
        return names

    def then_token(self, line: Sequence[Token], text: str) -> "Scope":
        """The scope after a token of a line."""
        scope = self
        if not line and self.frames and self.frames[-1][0] > self.level:
            scope = scope._leave()  # a function of one line
        before = line[-1].text if line else ""
        if before == "in":
            scope = scope._bind_loop(line, text)
        if not text.isidentifier() or text in KEYWORDS:
            return scope
        if before == ".":
            if not _is_owned(line):
                return scope
            return replace(scope, attributes=_to_front(text, scope.attributes))
        head = next((token.text for token in line if token.text != "async"), "")
        if head == "def":
            if before == "def":
                return scope._bind([(text, "function")])
            if before in ("(", ",", "*", "**") and _depth(line) == 1:
                return scope._bind([(text, "parameter")], inside=True)
        if before == "class" and len(line) == 1:
            return scope._bind([(text, "class")])
        if before == "lambda" or (before == "," and _in_lambda(line)):
            return scope._bind([(text, "inner")])
        if text not in scope.bound:
            return scope
        unused = scope.unused
        if text in unused:
            unused = tuple(name for name in unused if name != text)
        return replace(scope, recent=_to_front(text, scope.recent), unused=unused)

    def then_layout(self, line: Sequence[Token], symbol: str) -> "Scope":
        """The scope after a line's end, an indent or a dedent.

        Parameters
        ----------
        line : sequence of Token
            The logical line that ends.
        """
        if symbol == NEWLINE:
            return self._end_line(line)
        if symbol == INDENT:
            return replace(self, blocks=(*self.blocks, self.heads[-1] or "other"), heads=(*self.heads, ""))
        if symbol == DEDENT and self.blocks:
            scope = replace(self, blocks=self.blocks[:-1], heads=self.heads[:-1])
            return scope._leave() if scope.frames and scope.frames[-1][0] > scope.level else scope
        return self

    def _visible(self) -> Iterator[tuple[str, str]]:
        """Symbol and name of every name that may be mentioned, likeliest first for each symbol."""
        depth = len(self.frames)
        hidden = {place + 1 for place, (_, is_class) in enumerate(self.frames) if is_class and place + 1 < depth}
        seen: dict[str, int] = {}
        for name in self.unused:
            role, at = self.bound[name]
            if name in _OWNERS:
                yield "<owner>", name
                continue
            if at not in hidden:
                role = "global" if depth and not at and role not in _LASTING else role
                known = ("unused", role)
                yield f"<{role}:{'later' if known in seen else 'first'}>", name  # type: ignore[comparison-overlap]
                seen[known] = 1  # type: ignore[index]
        unused = frozenset(self.unused)
        for name in self.recent:
            role, at = self.bound[name]
            if name in _OWNERS and name not in unused:
                yield "<owner>", name
            elif name not in unused and at not in hidden:
                role = "global" if depth and not at and role not in _LASTING else role
                yield _ranked(role, seen.get(role, 0)), name
                seen[role] = seen.get(role, 0) + 1

    def _bind(self, roles: Iterable[tuple[str, str]], inside: bool = False) -> "Scope":
        """Bind names here, or in the function whose head this is."""
        bound, recent, unused, attributes = dict(self.bound), self.recent, self.unused, self.attributes
        for name, role in roles:
            if name not in bound:
                unused = (*unused, name)
            bound[name] = (role, len(self.frames) + inside)
            recent = _to_front(name, recent)
            if self.frames and self.frames[-1][1] and not inside:
                attributes = _to_front(name, attributes)
        for name in recent[_N_NAMES:]:
            del bound[name]
        unused = tuple(name for name in unused if name in bound)
        return replace(self, bound=bound, recent=recent[:_N_NAMES], unused=unused, attributes=attributes[:_N_NAMES])

    def _drop(self, names: Iterable[str], frames: tuple[tuple[int, bool], ...]) -> "Scope":
        dropped = frozenset(names)
        return replace(
            self,
            bound={name: known for name, known in self.bound.items() if name not in dropped},
            recent=tuple(name for name in self.recent if name not in dropped),
            unused=tuple(name for name in self.unused if name not in dropped),
            frames=frames,
        )

    def _leave(self) -> "Scope":
        """Leave the functions and classes that are deeper than the indentation."""
        frames = tuple(frame for frame in self.frames if frame[0] <= self.level)
        return self._drop((name for name, (_, depth) in self.bound.items() if depth > len(frames)), frames)

    def _bind_loop(self, line: Sequence[Token], text: str) -> "Scope":
        """Bind what stands between "for" and "in", given the first token of what is gone through."""
        names: list[str] = []
        for token in reversed(line[:-1]):
            if token.text == "for":
                break
            if token.kind == "NAME":
                if token.text in KEYWORDS:
                    return self
                names.insert(0, token.text)
            elif token.text not in ("(", ")", ","):
                return self
        else:
            return self
        is_inner = line[0].text not in ("for", "async")
        roles = ["index" if text in ("range", "enumerate") else "item", *["item"] * len(names)]
        return self._bind((name, "inner" if is_inner else role) for name, role in zip(names, roles, strict=False))

    def _end_line(self, line: Sequence[Token]) -> "Scope":
        scope = self
        if not line:
            return scope
        inner = [name for name, (role, _) in scope.bound.items() if role == "inner"]
        if inner:
            scope = scope._drop(inner, scope.frames)
        bound = list(_bound_by(line))
        if bound:
            scope = scope._bind(bound)
        word = next((token.text for token in line if token.text != "async"), "")
        head = "method" if word == "def" and scope.frames and scope.frames[-1][1] else word
        scope = replace(scope, heads=(*scope.heads[:-1], head if head in _HEADS else "other"))
        if word in ("def", "class") and line[-1].text == ":":
            attributes = () if word == "class" else scope.attributes
            frames = (*scope.frames, (scope.level + 1, word == "class"))
            scope = replace(scope, frames=frames, attributes=attributes)
        return scope


def _ranked(role: str, place: int) -> str:
    return f"<{role}:{min(place + 1, _N_RANKED)}>"


def _to_front(name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    if names and names[0] == name:
        return names
    return (name, *(other for other in names if other != name))


def _is_owned(line: Sequence[Token]) -> bool:
    """Whether a line ends in "self."."""
    return len(line) > 1 and line[-2].text in _OWNERS and (len(line) == 2 or line[-3].text != ".")


def _depth(line: Sequence[Token]) -> int:
    return sum((token.text in _OPENERS) - (token.text in _CLOSERS) for token in line)


def _in_lambda(line: Sequence[Token]) -> bool:
    depth = 0
    for token in reversed(line[-_N_PARAMETERS:]):
        depth += (token.text in _CLOSERS) - (token.text in _OPENERS)
        if depth < 0 or (depth == 0 and token.text == ":"):
            return False
        if depth == 0 and token.text == "lambda":
            return True
    return False


def _bound_by(line: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Names that a whole line binds, and their roles."""
    head = line[0].text
    if head in ("import", "from"):
        yield from _imported(line)
        return
    if head in ("with", "except", "async"):
        for place, token in enumerate(line[:-1]):
            if token.text == "as" and line[place + 1].kind == "NAME":
                yield line[place + 1].text, "local"
        return
    if head in KEYWORDS:
        return
    depth, begin = 0, 0
    for place, token in enumerate(line):
        depth += (token.text in _OPENERS) - (token.text in _CLOSERS)
        if depth == 0 and token.text == "=":
            role = _role_of_value(line[place + 1]) if place + 1 < len(line) else "local"
            yield from ((name, role) for name in _targets(line[begin:place]))
            begin = place + 1


def _targets(line: Sequence[Token]) -> Iterator[str]:
    for place, token in enumerate(line):
        following = line[place + 1].text if place + 1 < len(line) else ""
        if token.text == ":":
            return
        before = line[place - 1].text if place else ""
        is_name = token.kind == "NAME" and token.text not in KEYWORDS
        if is_name and following not in (".", "[", "(") and before in ("", ",", "(", "[", "*"):
            yield token.text


def _role_of_value(token: Token) -> str:
    if token.kind == "NUMBER":
        return "number"
    return "string" if token.kind == "STRING" else _VALUE_ROLES.get(token.text, "local")


def _imported(line: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Names that an import binds: whatever stands before a comma, a bracket or the end."""
    begins = next((place + 1 for place, token in enumerate(line) if token.text == "import"), len(line))
    dotted = False
    for place in range(begins, len(line)):
        text = line[place].text
        following = line[place + 1].text if place + 1 < len(line) else ","
        if line[place].kind == "NAME" and text not in KEYWORDS and following != "as" and not dotted:
            yield text, "import"
        dotted = text == "." or (dotted and text != ",")
