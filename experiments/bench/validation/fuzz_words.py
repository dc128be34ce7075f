"""What hostile documents are made of: documents that stand, tokens, what nests, and what is repeated."""

# ruff: noqa: E501 - a list a line
# fmt: off

from collections.abc import Mapping, Sequence

from generation.types import Kind

SEEDS: Mapping[Kind, tuple[str, ...]] = {
    "text": ("He said (as ever): “No, I won't.” It's 5 o’clock [sic].\n\nAnd she? «Si.»\n",),
    "python": (
        "import os\n\n@cache\nasync def f(a, *b: int, c=lambda x: x, **d) -> 'T':\n    async with a as b, c:\n"
        "        yield [x for x in b if (y := x)]\n    return f'{a!r:>{c}}' if a else {1: 2, **d}\n",
        "class A(B, metaclass=C):\n    x: Final = 0x_f\n    try:\n        match x:\n            case {'a': [1, *_], **r}:\n"
        "                del r[0]\n    except* E as e:\n        raise e from None\n    finally:\n        global z\n",
    ),
    "table": (
        'id,day,name,value,mail\n1,2024-02-29,"a, ""b""",1.5e3,a@b.org\n2,2024-12-31,"two\nlines",-7,c@d.org\n',
    ),
    "formula": (
        "=IF(SUM($A$1:B2,'Sheet 2'!C:C)>=1E-3,VLOOKUP(A1,{1,2;3,\"x\"},2,FALSE)&\"%\",#N/A)",
        "=SUMPRODUCT((A1:A9<>\"\")*1)/COUNTIF(Prices,\">0\")^-2%+[1]Costs!A1",
    ),
}
TOKENS: Mapping[Kind, str] = {
    "text": "( ) [ ] { } « » “ ” \" ' :) a) 1) … \u202e \u2066 \r \0 \ud800 \ufdd0 \u0301 \n\n word 漢字 \U0001f469\u200d\U0001f680",
    "python": "def class if else for in while try except finally with as lambda match case return yield await async not "
    "and or is None import from global nonlocal del raise assert pass print x _ f'{ ''' \" rb' 0x 1_0 1e 1j ... : ; , . "
    "( ) [ ] { } = := == -> ** * @ ~ < != # \\ \n \n\n \t \r \f \0 \ufeff é ﬁ \ud800 ·",
    "table": ', ; \t " "" \n \r\n \r \n\n 1 -1.5 1e999 NaN inf -0 2024-02-31 2024-01-01 true id day x \ud800 \0 漢 \u202e',
    "formula": 'A1 $B$2 A1:B9 XFD1048577 R1C1 Sheet1! \'x y\'! [1]S!A1 SUM( IF( _xlfn.LET( LAMBDA( ( ) , ; : ! # % ^ & = <> '
    '>= + - * / " "x" { } @ [ ] #REF! #N/A TRUE 1E309 .5 1.2.3 Prices A:A 1:1 é \n \0 \ud800',
}
NESTS: Mapping[Kind, Sequence[tuple[str, str, str]]] = {
    "text": (("(", "", ")"), ("«[“{", "x", "}”]»"), (")", "", ""), ("\n\n(", "", "")),
    "python": (
        ("(", "1", ")"), ("[", "", "]"), ("{1:", "1", "}"), ("f(", "x", ")"), ("-", "1", ""), ("not ", "x", ""),
        ("lambda:", "x", ""), ("x if ", "x", " else x"), ("x[", "0", "]"), ("", "x", ".a"), ("", "x", "(0)"),
        ("x=", "1", ""), ("await ", "x", ""), ("f'{", "x", "}'"), ("x**", "1", ""), ("@x\n", "def f(): 0\n", ""),
        ("if x: pass\nel", "se: pass\n", ""), ("if x:\n ", "pass", ""), ("*", "x", " = y"), ("(yield ", "x", ")"),
        ("x and ", "x", ""), ("x < ", "x", ""), ("x + ", "x", ""), ("[x for x in ", "y", "]"),
    ),
    "table": (('"', "x", '"'), ('""', "", ""), (",", "", ""), ('"\n', "", '"'), ("1,", "", "")),
    "formula": (
        ("(", "1", ")"), ("SUM(", "1", ")"), ("-", "1", ""), ("", "1", "%"), ("IF(1,", "1", ",0)"), ("{", "1", "}"),
        ("@", "A1", ""), ("'", "", "'"), ("A1:", "A1", ""), ("1&", "1", ""), ("NOT(", "A1", ")"),
    ),
}
PIECES: Mapping[Kind, Sequence[str]] = {
    "text": ("a", "(", '"', "\n", "- ", "1) ", "e\u0301", " )", "«»", "\u202e"),
    "python": (
        "- ", "lambda:", "x", "9", "'", "' ", '"""', "\\\n", "#", "\n", " ", "\t", "é", "x.", "x,", "x;", "0x", "1_",
        "f'{x}'", "x\n", "if x:\n", "@", "~", "=", "x=", "x:=", "''", "a b", "*,", "\n ", "\r", "not in ", "# é\n",
        "import a\n", "x = 1\n", "def f(): pass\n",
    ),
    "table": (",", '"', '""', "9", "-", "x", "1,", "\n", '"a",', "1.", "2024-", "e", '"\n', " ", "1,2024-01-01,x,2,a@b.c\n", "a@", "a.b"),
    "formula": ("A1:", "A1", "A1,", "-", "1+", '"', '""', "'", "SUM(", "9", "$", "!", "%", "{", "1,", "x", " ", "#", "[", ";", "A1 ", "Prices+", "A:A,", "S!", ".", "_"),
}
