"""The rules of flake8 and pylint that programs are held to, each with what it is good for, and no others."""

LINE_LENGTH = 88  # black's own

# What flake8 finds that fails when run, or when it is read.
FLAKE8_ERRORS = {
    "E902": "a file that can't be read as tokens is no program",
    "E999": "a file that can't be parsed is no program",
    "F502": "a format asks for a mapping and gets none: TypeError",
    "F503": "a format asks for a tuple and gets a mapping: TypeError",
    "F505": "a format names an argument that is missing: KeyError",
    "F507": "a format asks for more or fewer values than it gets: TypeError",
    "F509": "a format has an unknown letter: ValueError",
    "F521": "a format can't be read: ValueError",
    "F524": "a format asks for an argument that is missing: IndexError",
    "F821": "a name is defined nowhere: NameError",
    "F823": "a local name is read before it is assigned: UnboundLocalError",
}
FLAKE8_STYLE = {
    "E711": "None is one object, compared by 'is'",
    "E712": "truth needs no comparison",
    "E713": "'not in' reads better than 'not ... in'",
    "E714": "'is not' reads better than 'not ... is'",
    "E721": "types are compared by 'is' or isinstance",
    "E722": "a bare 'except' catches even what ends the program",
    "E731": "a function with a name is a 'def'",
    "E741": "l, O and I look like digits",
    "F401": "an import that nobody uses misleads",
    "F541": "an f-string without a placeholder is a plain string",
    "F601": "a key that stands twice loses its first value",
    "F632": "'is' with a literal compares identities by accident",
    "F811": "what is redefined before it is used was never needed",
    "F841": "a variable that nobody uses hides a mistake",
    "W605": "an unknown escape becomes an error in a later Python",
}
# Of pylint, what flake8 does not find; none that depends on taste, or on packages that may not be installed.
PYLINT_ERRORS = {
    "bad-super-call": "the class given to super() is another one",
    "no-value-for-parameter": "a call leaves out an argument that is needed: TypeError",
    "not-callable": "what is called is no function: TypeError",
    "redundant-keyword-arg": "an argument is given twice: TypeError",
    "too-many-function-args": "a call gives more arguments than are taken: TypeError",
    "unexpected-keyword-arg": "a call names a parameter that does not exist: TypeError",
    "used-before-assignment": "a name is read before it has a value: NameError",
}
PYLINT_STYLE = {
    "dangerous-default-value": "a default that can change is shared by all calls",
    "pointless-statement": "a statement without effect is often a lost assignment",
    "self-assigning-variable": "a variable that is assigned to itself was meant to be another",
    "unreachable": "code after a return never runs",
}
