"""The walk over a command's tree: what each part does, in which folder, with which variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shellper.safety.lexer import Unreadable, Word
from shellper.safety.paths import Places, read_secrets, written
from shellper.safety.programs import Call, judge_call
from shellper.safety.rules import like
from shellper.safety.tree import Compound, Node, Redirect, Simple, read_tree
from shellper.safety.verdict import Level, Verdict, allow, block, combine, confirm, shown, warn
from shellper.safety.words import Argument, Values, assigned, expand

MOST_DEPTH = 8
MOST_TEXTS = 200
MOST_FOLDERS = 8
DOCUMENTS = ("<<", "<<-", "<<<")


@dataclass
class State:
    """What is known at one point of a command: the folders it may be in, the variables, the functions."""

    folders: tuple[str, ...] | None
    variables: dict[str, str | None] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()

    def copy(self) -> State:
        """Make a state of its own for a part that can't change this one."""
        return State(self.folders, dict(self.variables), self.functions)

    def may_also_be(self, folders: tuple[str, ...] | None) -> None:
        """Add folders that the command may be in as well."""
        if self.folders is None or folders is None:
            self.folders = None
        else:
            joined = tuple(dict.fromkeys((*self.folders, *folders)))
            self.folders = joined if len(joined) <= MOST_FOLDERS else None


@dataclass(frozen=True)
class Walk:
    """A walk over one text; a program inside it (`sh -c`, `$(...)`) is walked one level deeper."""

    places: Places
    depth: int = 0
    seen: list[str] = field(default_factory=list)

    def text(self, text: str, state: State) -> list[Verdict]:
        """Judge a program given as text."""
        self.seen.append(text)
        if self.depth > MOST_DEPTH or len(self.seen) > MOST_TEXTS:
            return [warn("commands are nested too deeply to be read")]
        try:
            tree = read_tree(text)
        except Unreadable as problem:
            return [warn(f"can't be read with certainty: {problem}")]
        doubts = [warn(f"can't be read with certainty: {doubt}") for doubt in tree.doubts]
        return doubts + self.node(tree.root, state)

    def inner(self, text: str, state: State) -> list[Verdict]:
        """Judge a program inside the text, whose changes of folder and variables stay its own."""
        return Walk(self.places, self.depth + 1, self.seen).text(text, state.copy())

    def node(self, node: Node, state: State) -> list[Verdict]:
        """Judge one node of the tree; nothing found is no proof, so each node gives at least one verdict."""
        if isinstance(node, Simple):
            return self.simple(node, state) or [combine(())]
        verdicts = list(self.compound(node, state))
        for redirect in node.redirects:
            verdicts.extend(self.redirect(redirect, state))
        return verdicts or [combine(())]

    def compound(self, node: Compound, state: State) -> Iterator[Verdict]:
        """Judge the parts of a compound command."""
        match node.kind:
            case "list":
                yield from self.sequence(node, state)
            case "pipe":
                yield from self.pipe(node, state)
            case "subshell":
                yield from self.each(node.parts, state.copy())
            case "group":
                yield from self.each(node.parts, state)
            case "if":
                yield from self.branches(node.parts, state)
            case "loop":
                yield confirm("repeats commands for as long as a condition holds")
                yield from self.branches(node.parts, state)
            case "for":
                yield from self.loop(node, state)
            case "function":
                yield from self.function(node, state)
            case _:
                yield warn("holds a construct that isn't known")

    def each(self, parts: Iterable[Node], state: State) -> Iterator[Verdict]:
        """Judge parts that run one after the other."""
        for part in parts:
            yield from self.node(part, state)

    def branches(self, parts: Iterable[Node], state: State) -> Iterator[Verdict]:
        """Judge parts of which some may not run."""
        for part in parts:
            before = state.folders
            yield from self.node(part, state)
            state.may_also_be(before)

    def sequence(self, node: Compound, state: State) -> Iterator[Verdict]:
        """Judge a list: after `&&` the part before has succeeded, otherwise it may have failed."""
        chain = state.folders
        for place, part in enumerate(node.parts):
            operator = node.operators[place] if place < len(node.operators) else ";"
            if operator == "&":
                yield confirm("leaves a command running in the background")
                yield from self.node(part, state.copy())
            else:
                before = state.folders
                yield from self.node(part, state)
                if chain != before:
                    chain = _joined(chain, before)
            if operator != "&&":
                state.may_also_be(chain)
                chain = state.folders

    def pipe(self, node: Compound, state: State) -> Iterator[Verdict]:
        """Judge the stages of a pipe; each runs in a shell of its own."""
        programs: list[str] = []
        printed: tuple[str | None, ...] = ()
        for stage in node.parts:
            inner = state.copy() if len(node.parts) > 1 else state
            if isinstance(stage, Simple):
                yield from self.simple(stage, inner, tuple(programs), printed) or [combine(())]
                printed = self.printed(stage, inner)
            else:
                yield from self.node(stage, inner)
                printed = ()
            programs.extend(_programs(stage, self.places))

    def printed(self, node: Simple, state: State) -> tuple[str | None, ...]:
        """Return the text that `echo` or `printf` prints into a pipe, if it is known."""
        values = self.values(state)
        words = [argument.literal for word in node.words for argument in expand(word, values)]
        if words[:1] not in (["echo"], ["printf"]) or None in words:
            return ()
        text = " ".join(word for word in words[1:] if word not in (None, "-n", "-e"))
        return (text.replace("\\n", "\n"),)

    def loop(self, node: Compound, state: State) -> Iterator[Verdict]:
        """Judge a `for` loop: its variable stands for each of its words."""
        yield confirm("repeats commands for each of a list of words")
        if not node.words:
            yield warn("repeats commands for words that can't be read")
            return
        values = self.values(state)
        arguments = [argument for word in node.words[1:] for argument in expand(word, values)]
        for argument in arguments:
            yield from self.programs_of(argument, state)
        known = bool(arguments) and not any(argument.unknown or argument.unset for argument in arguments)
        patterns = [argument.pattern for argument in arguments]
        value = "{" + ",".join(patterns) + "}" if len(patterns) > 1 else "".join(patterns)
        state.variables[node.words[0].raw] = value if known else None
        yield from self.branches(node.parts, state)

    def function(self, node: Compound, state: State) -> Iterator[Verdict]:
        """Judge the making of a function by what it would do."""
        name = node.words[0].raw if node.words else ""
        if name and _calls_itself(node.parts, name):
            yield block(f"the function {shown(name)} starts copies of itself until the computer stops")
        if name in self.places.rules.reads or name in self.places.rules.writes or not name:
            yield warn(f"gives {shown(name)} another meaning")
        else:
            yield confirm(f"makes a function {shown(name)}")
        inner = state.copy()
        inner.variables.update(dict.fromkeys("123456789@*#"))
        yield from self.each(node.parts, inner)
        state.functions |= {name}

    def simple(
        self,
        node: Simple,
        state: State,
        piped_from: tuple[str, ...] = (),
        printed: tuple[str | None, ...] = (),
    ) -> list[Verdict]:
        """Judge one program with its words, assignments and redirections."""
        values = self.values(state)
        arguments = [argument for word in node.words for argument in expand(word, values)]
        verdicts = [verdict for argument in arguments for verdict in self.programs_of(argument, state)]
        verdicts.extend(self.assignments(node.assignments, state, lasting=not node.words))
        documents = list(printed)
        for redirect in node.redirects:
            verdicts.extend(self.redirect(redirect, state))
            if redirect.operator in DOCUMENTS:
                documents.append(self.document(redirect, values))
        if arguments:
            has_input = any(redirect.operator in ("<", "<>") for redirect in node.redirects)
            call = Call(tuple(arguments), piped_from, tuple(documents), has_input)
            verdicts.extend(judge_call(call, self, state))
        return verdicts

    def programs_of(self, argument: Argument, state: State) -> Iterator[Verdict]:
        """Judge the programs inside a word."""
        for program in argument.programs:
            found = combine(self.inner(program, state))
            # A program inside a word is easily overlooked, so one that isn't a plain read weighs more.
            if found.level is Level.CONFIRM:
                yield Verdict(Level.WARN, (f"{shown(argument.raw)} runs a command inside a word", *found.reasons))
            else:
                yield found

    def assignments(self, words: tuple[Word, ...], state: State, lasting: bool) -> Iterator[Verdict]:
        """Judge assignments before a program, or alone, when they last."""
        for word in words:
            values = self.values(state)
            for argument in expand(word, values):
                yield from self.programs_of(argument, state)
            found = assigned(word, values)
            if found is None:
                yield warn(f"can't be read with certainty: {shown(word.raw)}")
                continue
            name, value = found
            yield self.assignment(name, word.raw, lasting, value is not None)
            if lasting:
                state.variables[name] = value

    def assignment(self, name: str, raw: str, lasting: bool, known: bool) -> Verdict:
        """Judge one assignment by the name."""
        if like(name, self.places.rules.steering_variables):
            return warn(f"sets {shown(name)}, which decides what other commands run")
        if not lasting and known and like(name, self.places.rules.plain_variables):
            return allow(f"sets {shown(name)} for one command")
        return confirm(f"sets a variable: {shown(raw)}")

    def redirect(self, redirect: Redirect, state: State) -> Iterator[Verdict]:
        """Judge a redirection."""
        if redirect.target is None:
            return
        if redirect.operator in DOCUMENTS:
            yield confirm("gives a text to a command as its input")
            for program in redirect.document.programs if redirect.document else ():
                yield warn("a here-document runs commands while it is read")
                yield from self.inner(program, state)
            return
        for argument in expand(redirect.target, self.values(state)):
            yield from self.programs_of(argument, state)
            if redirect.operator == "<":
                if argument.dynamic or argument.is_glob:
                    yield confirm(f"reads {shown(argument.raw)}, which is only known when it runs")
                yield from read_secrets(argument, self.places, state.folders)
            else:
                verb = "adds to" if redirect.operator in (">>", "&>>") else "writes to"
                yield from written(argument, self.places, state.folders, verb)

    def document(self, redirect: Redirect, values: Values) -> str | None:
        """Return the text that a here-document or here-string gives as input, if it is known."""
        if redirect.document:
            return redirect.document.text if redirect.document.literal else None
        if redirect.operator == "<<<" and redirect.target:
            words = expand(redirect.target, values)
            return words[0].literal if len(words) == 1 else None
        return None

    def values(self, state: State) -> Values:
        """Return what the variables hold here."""
        folder = state.folders[0] if state.folders and len(state.folders) == 1 else None
        return Values(self.places.home, folder, state.variables)


def _joined(first: tuple[str, ...] | None, second: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if first is None or second is None else tuple(dict.fromkeys((*first, *second)))


def _program(node: Node) -> str:
    return node.words[0].raw.rsplit("/", 1)[-1] if isinstance(node, Simple) and node.words else ""


def _programs(node: Node, places: Places) -> Iterator[str]:
    """Name the programs of a part, also those behind `sudo` and the like."""
    if isinstance(node, Compound):
        for part in node.parts:
            yield from _programs(part, places)
    elif _program(node) in places.rules.wrappers:
        yield from (word.raw.rsplit("/", 1)[-1] for word in node.words)
    else:
        yield _program(node)


def _calls_itself(parts: Iterable[Node], name: str, forked: bool = False) -> bool:
    """Tell whether a function runs itself in a pipe or in the background."""
    for part in parts:
        if isinstance(part, Simple):
            if forked and _program(part) == name:
                return True
        else:
            apart = forked or part.kind == "pipe" or "&" in part.operators
            if _calls_itself(part.parts, name, apart):
                return True
    return False
