"""Whether a policy allows what another does not, decided by cvc5: a peer of fathom-compare with a reading of its own.

Each line of the input is {"old": policy, "new": policy}; each line of the output is sat (it does), unsat or unknown.
It knows what the test's policies have: actions, resources, texts, booleans and Null.
"""

import json
import sys

import cvc5


def text(value):
    return '"' + "".join('""' if char == '"' else char for char in value) + '"'


def joined(operator, parts, empty):
    parts = list(parts)
    if not parts:
        return empty
    return parts[0] if len(parts) == 1 else f"({operator} {' '.join(parts)})"


# Characters that no pattern names behave alike, so that ASCII is enough; the solver is slow with complements.
NO_COLON = '(re.union (re.range " " "9") (re.range ";" "~"))'


def glob(pattern, one="re.allchar"):
    """A pattern as a regular expression; `one` is what a wildcard may stand for."""
    parts = []
    for char in pattern:
        if char == "*":
            parts.append(f"(re.* {one})")
        elif char == "?":
            parts.append(one)
        else:
            parts.append(f"(str.to_re {text(char)})")
    return joined("re.++", parts, '(str.to_re "")')


def segments(parts):
    """Regular expressions of segments with the colons between them."""
    between = []
    for part in parts:
        between += ([] if not between else ['(str.to_re ":")']) + [part]
    return joined("re.++", between, '(str.to_re "")')


def arn(pattern):
    """An ARN, each segment for itself; what is missing may be anything."""
    parts = pattern.split(":", 5)
    parts += ["*"] * (6 - len(parts))
    return segments([glob(part, NO_COLON) for part in parts[:5]] + [glob(parts[5])])


def across(pattern):
    """The same where a `*` that ends a segment goes on across colons; none where no inner one does."""
    parts = pattern.split(":", 5)
    if not any(part.endswith("*") for part in parts[:-1]):
        return None
    made = []
    for at, part in enumerate(parts):
        if at == 5:
            made.append(glob(part))
        elif part.endswith("*"):
            made.append(f"(re.++ {glob(part[:-1], NO_COLON)} re.all)")
        else:
            made.append(glob(part, NO_COLON))
    return segments(made)


def resource_matches(pattern):
    if pattern.strip("*") == "":
        return "true"
    readings = [arn(pattern)] + [made for made in [across(pattern)] if made]
    return joined("or", (f"(str.in_re resource {made})" for made in readings), "false")


def action_matches(pattern):
    if pattern.strip("*") == "":
        return "true"
    service, _, name = pattern.lower().partition(":")
    return f"(str.in_re action (re.++ {glob(service, NO_COLON)} (str.to_re \":\") {glob(name)}))"


def listed(value):
    return value if isinstance(value, list) else [value]


class Question:
    def __init__(self):
        self.keys = {}

    def key(self, name):
        number = self.keys.setdefault(name.lower(), len(self.keys))
        return f"present{number}", f"value{number}"

    def test(self, operator, name, values):
        present, value = self.key(name)
        values = [str(one) for one in listed(values)]
        if operator == "Null":
            is_null = f'(or (not {present}) (= {value} ""))'
            return joined("or", (is_null if one == "true" else f"(not {is_null})" for one in values), "false")
        if_exists = operator.endswith("IfExists")
        operator = operator.removesuffix("IfExists")
        negated = "Not" in operator
        kind = operator.replace("Not", "")
        if kind == "StringEquals":
            each = (f"(= {value} {text(one)})" for one in values)
        elif kind == "StringLike":
            each = (f"(str.in_re {value} {glob(one)})" for one in values)
        elif kind == "Bool":
            each = (f"(= {value} {text(one.lower())})" for one in values)
        else:
            raise ValueError(operator)
        matches = joined("or", each, "false")
        if negated:
            return f"(or (not {present}) (not {matches}))"
        return f"(or (not {present}) {matches})" if if_exists else f"(and {present} {matches})"

    def statement(self, statement):
        parts = []
        for member, matches in [("Action", action_matches), ("Resource", resource_matches)]:
            if member in statement:
                parts.append(joined("or", map(matches, listed(statement[member])), "false"))
            else:
                parts.append(f"(not {joined('or', map(matches, listed(statement['Not' + member])), 'false')})")
        for operator, keys in statement.get("Condition", {}).items():
            parts += [self.test(operator, name, values) for name, values in keys.items()]
        return joined("and", parts, "true")

    def policy(self, policy):
        def side(effect):
            return joined("or", (self.statement(one) for one in policy["Statement"] if one["Effect"] == effect), "false")

        return f"(and {side('Allow')} (not {side('Deny')}))"

    def smt(self, old, new):
        asked = [self.policy(new), f"(not {self.policy(old)})"]
        lines = ["(set-logic ALL)", "(declare-const action String)", "(declare-const resource String)"]
        for name, number in self.keys.items():
            lines += [f"(declare-const present{number} Bool)", f"(declare-const value{number} String)"]
            if name in ("aws:securetransport", "aws:multifactorauthpresent"):
                lines.append(f'(assert (or (= value{number} "true") (= value{number} "false")))')
            if name == "aws:securetransport":
                lines.append(f"(assert present{number})")
        service = '(re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))'
        name = f'(re.union {service} (str.to_re ":"))'
        lines.append(f'(assert (str.in_re action (re.++ (re.+ {service}) (str.to_re ":") (re.+ {name}))))')
        # Who is no identity provider's asks for neither of these.
        for federated in ("sts:assumerolewithsaml", "sts:assumerolewithwebidentity"):
            lines.append(f"(assert (not (= action {text(federated)})))")
        whole = arn("arn:*:*:*:*:*")
        lines.append(f'(assert (or (= resource "*") (str.in_re resource {whole})))')
        lines += [f"(assert {one})" for one in asked] + ["(check-sat)"]
        return "\n".join(lines)


def decide(old, new):
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    # In steps of the solver and not in seconds, so that the same questions are decided everywhere.
    solver.setOption("rlimit-per", "100000")
    # Without it, some questions that have an answer take minutes.
    solver.setOption("re-elim", "on")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, Question().smt(old, new), "question")
    said = ""
    while True:
        command = parser.nextCommand()
        if command.isNull():
            return said.strip()
        said += command.invoke(solver, parser.getSymbolManager())


for line in sys.stdin:
    asked = json.loads(line)
    print(decide(asked["old"], asked["new"]), flush=True)
