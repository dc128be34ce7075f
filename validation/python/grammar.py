"""The grammar of Python 3.11 for reading beginnings of programs.

Follows https://docs.python.org/3.11/reference/grammar.html (the language's own grammar, PSF licence) but for what only
matters to a syntax tree: levels of operators that accept the same tokens are one.
"""


def _parameters(one: str, starred: str) -> str:
    """The order of parameters: plain before defaulted before starred, with at most one slash."""
    plain, defaulted = one, f"{one} '=' expression"
    more_plain, more_defaulted = f"(',' {plain})*", f"(',' {defaulted})*"
    keyword_only = f"(',' {one} ['=' expression])"
    rest = f"'*' {starred} {keyword_only}* [',' '**' {one}] | '*' {keyword_only}+ [',' '**' {one}] | '**' {one}"
    positional = (
        f"{plain} {more_plain} {more_defaulted}"
        f" | {defaulted} {more_defaulted}"
        f" | {plain} {more_plain} ',' '/' {more_plain} {more_defaulted}"
        f" | [{plain} {more_plain} ','] {defaulted} {more_defaulted} ',' '/' {more_defaulted}"
    )
    return f"(({positional}) [',' ({rest})] | {rest}) [',']"


PYTHON = f"""
file: statement*
statement: compound | simples
simples: simple (';' simple)* [';'] NEWLINE
block: NEWLINE INDENT statement+ DEDENT | simples
simple: assignment | star_expressions | yield | word | return | raise | import | from | scope | delete | assert
word: 'pass' | 'break' | 'continue'
compound: if | while | for | try | with | match | ['async'] function | class | decorated | 'async' for | 'async' with

assignment: single (':' expression ['=' value] | augment value) | targets '=' (targets '=')* value
augment: '+=' | '-=' | '*=' | '@=' | '/=' | '%=' | '&=' | '|=' | '^=' | '<<=' | '>>=' | '**=' | '//='
value: yield | star_expressions
single: NAME | path | '(' single ')'
targets: target (',' target)* [',']
target: ['*'] plain_target
plain_target: NAME | path | '(' [plain_target [',' [targets]] | '*' plain_target ',' [targets]] ')' | '[' [targets] ']'
path: atom trailer* ('.' NAME | '[' slices ']')
return: 'return' [star_expressions]
raise: 'raise' [expression ['from' expression]]
scope: ('global' | 'nonlocal') NAME (',' NAME)*
delete: 'del' deleted
deleted: one_deleted (',' one_deleted)* [',']
one_deleted: NAME | path | '(' [deleted] ')' | '[' [deleted] ']'
assert: 'assert' expression [',' expression]
import: 'import' module ['as' NAME] (',' module ['as' NAME])*
from: 'from' source 'import' ('*' | '(' names [','] ')' | names)
source: ('.' | '...')* module | ('.' | '...')+
module: NAME ('.' NAME)*
names: NAME ['as' NAME] (',' NAME ['as' NAME])*

if: 'if' named ':' block ('elif' named ':' block)* [else]
else: 'else' ':' block
while: 'while' named ':' block [else]
for: 'for' targets 'in' star_expressions ':' block [else]
with: 'with' ('(' item (',' item)* [','] ')' | item (',' item)*) ':' block
item: expression ['as' target]
try: 'try' ':' block (finally | (excepts | starred_except+) [else] [finally])
excepts: except+ ['except' ':' block] | 'except' ':' block
except: 'except' expression ['as' NAME] ':' block
starred_except: 'except' '*' expression ['as' NAME] ':' block
finally: 'finally' ':' block
function: 'def' NAME '(' [parameters] ')' ['->' expression] ':' block
parameters: {_parameters("parameter", "starred_parameter")}
parameter: NAME [':' expression]
starred_parameter: NAME [':' star_expression]
class: 'class' NAME ['(' [arguments] ')'] ':' block
decorated: ('@' named NEWLINE)+ (['async'] function | class)

match: 'match' subject ':' NEWLINE INDENT case+ DEDENT
subject: named [',' [star_nameds]] | '*' sum ',' [star_nameds]
case: 'case' patterns ['if' named] ':' block
patterns: pattern [',' [some_patterns]] | star_pattern ',' [some_patterns]
some_patterns: maybe_star (',' maybe_star)* [',']
maybe_star: pattern | star_pattern
star_pattern: '*' NAME
pattern: closed ('|' closed)* ['as' NAME]
closed: literal | capture ['(' [pattern_arguments] ')'] | '(' [patterns] ')' | '[' [some_patterns] ']' | mapping
capture: NAME ('.' NAME)*
literal: ['-'] NUMBER [('+' | '-') NUMBER] | STRING+ | 'None' | 'True' | 'False'
mapping: '{{' [pair (',' pair)* [',' '**' NAME] [','] | '**' NAME [',']] '}}'
pair: (literal | NAME ('.' NAME)+) ':' pattern
pattern_arguments: pattern (',' pattern)* (',' NAME '=' pattern)* [','] | NAME '=' pattern (',' NAME '=' pattern)* [',']

star_expressions: star_expression (',' star_expression)* [',']
star_expression: '*' sum | expression
star_nameds: star_named (',' star_named)* [',']
star_named: '*' sum | named
named: NAME ':=' expression | expression
yield: 'yield' ['from' expression | star_expressions]
expression: disjunction ['if' disjunction 'else' expression] | lambda
lambda: 'lambda' [lambda_parameters] ':' expression
lambda_parameters: {_parameters("NAME", "NAME")}
disjunction: inversion (('and' | 'or') inversion)*
inversion: 'not'* sum (comparison sum)*
comparison: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not' 'in' | 'is' ['not']
sum: signed (operator signed)*
operator: '+' | '-' | '*' | '/' | '//' | '%' | '@' | '&' | '|' | '^' | '<<' | '>>'
signed: ('+' | '-' | '~')* ['await'] atom trailer* ['**' signed]
trailer: '.' NAME | call | '[' slices ']'
call: '(' [arguments | named comprehension] ')'
slices: slice (',' slice)* [',']
slice: '*' expression | NAME ':=' expression | expression | [expression] ':' [expression] [':' [expression]]
atom: NAME | NUMBER | STRING+ | 'None' | 'True' | 'False' | '...' | parenthesised | list | braces
parenthesised: '(' [yield | named [comprehension | ',' [star_nameds]] | '*' sum ',' [star_nameds]] ')'
list: '[' [named [comprehension | ',' [star_nameds]] | '*' sum [',' [star_nameds]]] ']'
braces: '{{' [entry (',' entry)* [','] | expression ':' expression comprehension | set] '}}'
entry: expression ':' expression | '**' sum
set: (expression | NAME ':=' expression) [comprehension | ',' [star_nameds]] | '*' sum [',' [star_nameds]]
comprehension: (['async'] 'for' targets 'in' disjunction ('if' disjunction)*)+
arguments: positional (',' positional)* [',' keywords] [','] | keywords [',']
positional: '*' expression | named
keywords: keyword (',' keyword)* (',' mapped)* | mapped (',' mapped)*
keyword: NAME '=' expression | '*' expression
mapped: NAME '=' expression | '**' expression
"""
