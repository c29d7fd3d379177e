"""A tree written as DuckDB SQL that means the same whatever the column types: brackets, quotes and typed literals."""

from sluiceway.declare.expression_tree import Tree

SQL_TYPES = {"number": "DOUBLE", "integer": "BIGINT", "text": "VARCHAR", "boolean": "BOOLEAN"}
PATTERNS = {"neg": "(-{})", "not": "(NOT {})", "is_null": "({} IS NULL)"}
SYMBOLS = frozenset({"+", "-", "*", "/", "//", "%", "=", "<>", "<", "<=", ">", ">=", "||", "and", "or"})
# What can break off in DuckDB: past 64 bits, past the last of times, past what a text can be cut at.
BREAKING = frozenset({"+", "-", "*", "neg", "//", "%", "abs", "round", "substr"})
DIVISIONS = frozenset({"/", "//", "%"})


def sql_of(tree: Tree) -> str:
    """Write a tree as DuckDB SQL."""
    tag = tree[0]
    if tag == "call":
        return _call(tree[1], tree[2:])
    if tag == "in":
        return f"({sql_of(tree[1])} IN ({', '.join(map(sql_of, tree[2]))}))"
    if tag == "case":
        branches = " ".join(f"WHEN {sql_of(condition)} THEN {sql_of(value)}" for condition, value in tree[1])
        return f"CASE {branches} ELSE {sql_of(tree[2])} END"
    if tag == "try":
        return _tried(tree[1])
    if tag == "cast":
        return f"CAST({sql_of(tree[2])} AS {SQL_TYPES[tree[1]]})"
    if tag == "column":
        return _quoted(tree[1])
    return _literal(tree)


def _tried(tree: Tree) -> str:
    """Make an operation NULL where it breaks off; one that cannot in DuckDB is written as it is."""
    written = sql_of(tree)
    if tree[0] == "cast":
        return f"TRY_{written}"  # the general form goes over what broke off row by row
    return written if tree[1] not in BREAKING else f"TRY({written})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(tree: Tree) -> str:
    tag = tree[0]
    if tag == "text":
        return _text(tree[1])
    if tag == "integer":
        return f"{tree[1]}::BIGINT" if tree[1] >= 0 else f"CAST({tree[1]} AS BIGINT)"
    if tag == "number":
        written = repr(tree[1])
        number = written if "e" in written else f"{written}e0"  # without an exponent DuckDB reads a DECIMAL
        return number if tree[1] >= 0 else f"({number})"
    if tag == "moment":
        return f"TIMESTAMPTZ '{tree[1]}'"
    if tag == "interval":
        return f"INTERVAL {tree[1]} {tree[2].upper()}"
    return "NULL" if tag == "null" else str(tree[1]).upper()


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _call(name: str, arguments: Tree) -> str:
    if name in DIVISIONS:
        return f"({sql_of(arguments[0])} {name} {_divisor(arguments[1])})"
    if name == "||":
        return f"({' || '.join(map(_as_text, arguments))})"
    if name in SYMBOLS:
        return f"({sql_of(arguments[0])} {name.upper()} {sql_of(arguments[1])})"
    if name in PATTERNS:
        return PATTERNS[name].format(sql_of(arguments[0]))
    return _function(name, arguments)


def _function(name: str, arguments: Tree) -> str:
    if name == "at_zone":
        return f"timezone({_text(arguments[1][1])}, {sql_of(arguments[0])})"
    if name == "concat":
        return f"concat({', '.join(map(_as_text, arguments))})"
    if name == "epoch":
        return (
            f"(epoch_us({sql_of(arguments[0])}) / 1e6)"  # epoch of a TIMESTAMPTZ is off by a bit in a quarter of cases
        )
    if name == "round" and len(arguments) > 1:
        return f"round({sql_of(arguments[0])}, {arguments[1][1]})"  # DuckDB takes the decimals as a 32-bit integer
    return f"{name}({', '.join(map(sql_of, arguments))})"


def _divisor(tree: Tree) -> str:
    """Make a division by zero NULL: DuckDB alone gives inf, NaN or an error, by operator and type."""
    if tree[0] in {"integer", "number"} and tree[1] != 0:
        return sql_of(tree)
    return f"nullif({sql_of(tree)}, 0)"


def _as_text(tree: Tree) -> str:
    return sql_of(tree) if tree[0] == "text" else f"CAST({sql_of(tree)} AS VARCHAR)"
