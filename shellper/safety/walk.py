"""The walk over a command's tree: what each part does, in which folder, with which variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from shellper.safety.bombs import calls_itself, named_programs, spawns_without_end
from shellper.safety.endless import adds_without_end, feeds_on
from shellper.safety.known import DOCUMENTS, input_of, listed_in, printed_by, shown_by, values_of
from shellper.safety.listing import fetched_names, plain_name
from shellper.safety.options import by_variable, names_helper
from shellper.safety.places import Places
from shellper.safety.programs import Call, judge_call
from shellper.safety.redirects import judge_redirect, keeps_output, opens_path
from shellper.safety.rules import like
from shellper.safety.state import Feed, State
from shellper.safety.syntax import Compound, Node, Program, Simple, Unreadable, Word
from shellper.safety.tree import read_tree
from shellper.safety.verdict import Level, Verdict, allow, block, combine, confirm, shown, warn
from shellper.safety.words import Argument, Values, assigned, expand, unescaped, unknown_argument

MOST_DEPTH = 8
MOST_TEXTS = 200
NOTHING = Feed()
NETWORK = ("/dev/tcp/", "/dev/udp/")
OPEN = ("/dev/", "&", "$(", "`")
# What is worth to be known again as a file; options have values such as `1` or `-`.
LONG_NAME = re.compile(r".*[^\W\d].*")
PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*|[A-Z]")
# Lower-case names that programs look at.
PROXIES = re.compile(r".*_proxy|histchars")
ADDED_PATH = re.compile(r"""PATH=["']?(?:[\w./$~{}-]+:)*\$\{?PATH\}?(?::[\w./$~{}-]+)*["']?""")


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
        if tree.lone:
            doubts.append(confirm("only one of the two readers is installed (shfmt is missing)"))
        return doubts + self.node(tree.root, state)

    def inner(self, text: str, state: State) -> list[Verdict]:
        """Judge a program inside the text, whose changes of folder and variables stay its own."""
        return Walk(self.places, self.depth + 1, self.seen).text(text, state.copy())

    def program(self, program: Program, state: State) -> list[Verdict]:
        """Judge a program inside a word."""
        if program.root is None:
            return self.inner(program.text, state)
        return Walk(self.places, self.depth + 1, self.seen).node(program.root, state.copy())

    def node(self, node: Node, state: State, feed: Feed = NOTHING) -> list[Verdict]:
        """Judge one node of the tree; nothing found is no proof, so each node gives at least one verdict."""
        if self.depth > MOST_DEPTH:
            return [warn("commands are nested too deeply to be read")]
        if node.redirects:
            feed = input_of(node.redirects, self.places, state, self.places.rules.wrapper_names, feed)
        if isinstance(node, Simple):
            return self.simple(node, state, feed) or [combine(())]
        passed = [verdict for redirect in node.redirects for verdict in judge_redirect(redirect, self, state)]
        if any(verdict.secret for verdict in passed):
            feed = replace(feed, secret=True)
        return [*self.compound(node, state, feed), *passed] or [combine(())]

    def compound(self, node: Compound, state: State, feed: Feed) -> Iterator[Verdict]:
        """Judge the parts of a compound command."""
        match node.kind:
            case "list":
                yield from self.sequence(node, state, feed)
            case "pipe":
                yield from self.pipe(node, state, feed)
            case "subshell":
                yield from self.each(node.parts, state.copy(), feed)
            case "group":
                yield from self.each(node.parts, state, feed)
            case "if" | "case" | "loop":
                if node.kind == "loop" and spawns_without_end(node.parts):
                    yield block("starts commands in the background until the computer stops")
                if node.kind == "loop" and adds_without_end(node.parts):
                    yield block("adds to a file without end, and so fills the disk")
                for word in node.words:
                    yield from self.word(word, state)
                judged = self.again if node.kind == "loop" else self.branches
                yield from judged(node.parts, state, feed)
            case "for" | "select":
                yield from self.loop(node, state)
            case "function":
                yield from self.function(node, state)
            case "coproc":
                yield confirm("leaves a command running in the background")
                yield from self.each(node.parts, state.copy(), feed)
            case "test":
                yield allow("compares")
                for word in node.words:
                    yield from self.word(word, state)
                yield from self.each(node.parts, state, feed)
            case "arithmetic":
                yield from self.arithmetic(node, state)
            case "prompt":
                yield warn("`@` or `!` in `${...}` can run what a variable holds")
            case _:
                yield warn("holds a construct that isn't known")

    def each(self, parts: Iterable[Node], state: State, feed: Feed) -> Iterator[Verdict]:
        """Judge parts that run one after the other."""
        for part in parts:
            yield from self.node(part, state, feed)

    def branches(self, parts: Iterable[Node], state: State, feed: Feed) -> Iterator[Verdict]:
        """Judge parts of which some may not run."""
        for part in parts:
            before = state.copy()
            yield from self.node(part, state, feed)
            state.may_also_be(before.folders)
            state.may_hold_as(before)

    def again(self, parts: Sequence[Node], state: State, feed: Feed) -> Iterator[Verdict]:
        """Judge the parts of a loop, a second time with what the first time has left in the variables."""
        before = state.copy()
        yield from self.branches(parts, state, feed)
        if state.differs(before):
            self.seen.append("")
            if len(self.seen) > MOST_TEXTS:
                yield warn("commands are nested too deeply to be read")
            else:
                yield from self.branches(parts, state, feed)

    def sequence(self, node: Compound, state: State, feed: Feed) -> Iterator[Verdict]:
        """Judge a list: after `&&` the part before has succeeded, otherwise it may have failed."""
        chain = state.folders
        for place, part in enumerate(node.parts):
            operator = node.operators[place] if place < len(node.operators) else ";"
            if operator == "&":
                yield confirm("leaves a command running in the background")
                yield from self.node(part, state.copy(), feed)
            else:
                before = state.copy()
                yield from self.node(part, state, feed)
                if chain != before.folders:
                    chain = _joined(chain, before.folders)
                if place and node.operators[place - 1] in ("&&", "||"):
                    state.may_hold_as(before)
            if operator != "&&":
                state.may_also_be(chain)
                chain = state.folders

    def pipe(self, node: Compound, state: State, feed: Feed) -> Iterator[Verdict]:
        """Judge the stages of a pipe; each runs in a shell of its own."""
        for stage in node.parts:
            inner = state.copy() if len(node.parts) > 1 else state
            found = self.node(stage, inner, feed)
            yield from found
            text, whole = printed_by(stage, self.places, inner, feed.text)
            feed = Feed(
                programs=(*feed.programs, *named_programs(stage, self.places.rules.wrapper_names)),
                text=text,
                whole=whole,
                listed=listed_in(stage, self.values(inner), feed.listed),
                secret=feed.secret or any(verdict.secret for verdict in found),
                endless=feeds_on(stage, self.places.rules.places["endless"], feed.endless),
            )

    def loop(self, node: Compound, state: State) -> Iterator[Verdict]:
        """Judge a `for` loop: its variable stands for each of its words."""
        yield allow("repeats commands for each of a list of words")
        if not node.words:
            yield warn("repeats commands for words that can't be read")
            return
        values = self.values(state)
        arguments = [argument for word in node.words[1:] for argument in expand(word, values)]
        found = [verdict for argument in arguments for verdict in self.programs_of(argument, state)]
        yield from found
        secret = any(verdict.secret for verdict in found) or any(
            state.shows_secret(word.raw) for word in node.words[1:]
        )
        known = bool(arguments) and not any(argument.unknown or argument.unset for argument in arguments)
        patterns = [argument.pattern for argument in arguments]
        value = "{" + ",".join(patterns) + "}" if len(patterns) > 1 else "".join(patterns)
        name = node.words[0].raw
        yield self.assignment(name, name, True, value if known else None)
        state.assign(name, value if known else None, secret)
        yield from self.again(node.parts, state, NOTHING)

    def function(self, node: Compound, state: State) -> Iterator[Verdict]:
        """Judge the making of a function by what it would do."""
        name = node.words[0].raw if node.words else ""
        if name and calls_itself(node.parts, name):
            yield block(f"the function {shown(name)} starts copies of itself until the computer stops")
        if name in self.places.rules.reads or name in self.places.rules.writes or not name:
            yield warn(f"gives {shown(name)} another meaning")
        else:
            yield confirm(f"makes a function {shown(name)}")
        inner = state.copy()
        inner.words = None
        inner.variables.update(dict.fromkeys("123456789@*#"))
        yield from self.each(node.parts, inner, NOTHING)
        state.functions[name] = node

    def called(self, body: Node, arguments: Sequence[Argument], state: State, feed: Feed) -> list[Verdict]:
        """Judge a call of a function that the command itself has made."""
        self.seen.append("")
        if self.depth >= MOST_DEPTH or len(self.seen) > MOST_TEXTS or not isinstance(body, Compound):
            return [warn("commands are nested too deeply to be read")]
        inner = state.called_with(tuple(argument.pattern if argument.is_proven else None for argument in arguments))
        if feed.secret:
            inner.secrets.update("123456789@*")
        found = list(Walk(self.places, self.depth + 1, self.seen).each(body.parts, inner, feed))
        state.learn(inner)
        return found

    def arithmetic(self, node: Compound, state: State) -> Iterator[Verdict]:
        """Judge a sum: a variable that holds `a[$(...)]` would run that when it is looked up."""
        for word in node.words:
            if word.raw == "?" or not state.is_number(word.raw):
                what = "a number" if word.raw == "?" else shown(word.raw)
                yield confirm(f"works out {what} from a text that is only known when it runs")
                break
        else:
            yield allow("works out a number")
        yield from self.each(node.parts, state, NOTHING)

    def simple(self, node: Simple, state: State, feed: Feed) -> list[Verdict]:
        """Judge one program with its words, assignments and redirections."""
        values = self.values(state)
        arguments = [argument for word in node.words for argument in expand(word, values)]
        inside = [verdict for argument in arguments for verdict in self.programs_of(argument, state)]
        verdicts = [*inside, *self.assignments(node.assignments, state, lasting=not node.words)]
        given = [*_written_out(node), *(argument.literal or "" for argument in arguments)]
        if arguments and any(map(state.shows_secret, given)):
            verdicts.append(Verdict(Level.ALLOW, ("works on what was secret",), secret=True))
        documents: list[str | None] = [] if feed.text is None else [feed.text]
        if not feed.whole:
            documents.append(None)
        inputs = tuple(redirect for redirect in node.redirects if redirect.operator in DOCUMENTS)
        told = shown_by((replace(node, redirects=inputs),), values, feed.text) if node.redirects else None
        for redirect in node.redirects:
            verdicts.extend(judge_redirect(redirect, self, state, not node.words, told))
        body = state.functions.get(arguments[0].literal or "") if arguments else None
        if body is not None:
            secret = any(verdict.secret for verdict in verdicts)
            verdicts.extend(self.called(body, arguments[1:], state, replace(feed, secret=feed.secret or secret)))
        if arguments:
            call = Call(
                tuple(arguments),
                feed.programs,
                tuple(documents),
                has_input=any(redirect.operator in ("<", "<>") for redirect in node.redirects),
                has_output=any(keeps_output(redirect) for redirect in node.redirects),
                secret=feed.secret or any(verdict.secret for verdict in verdicts),
                listed=feed.listed,
                endless=feed.endless,
                targets=tuple(redirect.target.raw for redirect in node.redirects if redirect.target),
            )
            verdicts.extend(self.given(node.assignments, call, state))
            if any(target.startswith(NETWORK) for target in call.targets) and any(one.secret for one in verdicts):
                verdicts.append(block("sends keys or passwords to the network"))
            tells = call.arguments[0].literal == "tee" and feed.whole
            self.remember(node, call, feed.text if tells else told, state)
            if call.secret or any(verdict.secret for verdict in verdicts):
                self.remember_secret(node, call, state)
        elif node.words:
            verdicts.append(allow("is empty"))
        return verdicts

    def given(self, assignments: tuple[Word, ...], call: Call, state: State) -> Iterator[Verdict]:
        """Judge a call for which some variables are set, as a shell that it starts sees them."""
        values = self.values(state)
        found = dict(filter(None, (assigned(word, values) for word in assignments)))
        before = {name: state.variables.get(name) for name in found if name in state.variables}
        state.variables.update(found)
        yield from judge_call(call, self, state)
        for name in found:
            state.variables.pop(name, None)
        state.variables.update(before)

    def remember(self, node: Simple, call: Call, told: str | None, state: State) -> None:
        """Keep in mind what is written to files, since a later part may run them."""
        fetches = self.places.rules.downloaders.intersection((call.arguments[0].literal, *call.piped_from))
        texts = [told] if told is not None else [None] if fetches else []
        for text in texts:
            for redirect in node.redirects:
                if redirect.operator in (">", ">>", ">|", "&>") and redirect.target:
                    state.files[plain_name(redirect.target.raw)] = text
            if fetches or call.arguments[0].literal == "tee":
                state.files.update(dict.fromkeys(fetched_names(call.arguments), text))

    def remember_secret(self, node: Simple, call: Call, state: State) -> None:
        """Keep in mind the files that something secret may have gone to: all that the command names."""
        raws = [redirect.target.raw for redirect in node.redirects if redirect.target and not redirect.document]
        words = [word.literal or word.raw for word in call.rest if not word.programs]
        named = [
            text for text in (*raws, *words) if text[:1] != "-" and "://" not in text and not text.startswith(OPEN)
        ]
        state.secret_files.update(filter(LONG_NAME.fullmatch, map(plain_name, named)))

    def word(self, word: Word, state: State) -> Iterator[Verdict]:
        """Judge the programs inside a word of a test or a case."""
        for argument in expand(word, self.values(state)):
            yield from self.programs_of(argument, state)

    def programs_of(self, argument: Argument, state: State) -> Iterator[Verdict]:
        """Judge the programs inside a word."""
        for program in argument.programs:
            found = combine(self.program(program, state))
            if found.level > Level.ALLOW and program.text:
                reasons = (f"{shown(argument.raw)} runs a command inside a word", *found.reasons)
                yield Verdict(found.level, reasons, found.secret)
            else:
                yield found

    def assignments(self, words: tuple[Word, ...], state: State, lasting: bool) -> Iterator[Verdict]:
        """Judge assignments before a program, or alone, when they last."""
        for word in words:
            values = self.values(state)
            secret = state.shows_secret(word.raw)
            for program in dict.fromkeys(program for piece in word.pieces for program in piece.programs):
                judged = list(self.programs_of(replace(unknown_argument(word.raw), programs=(program,)), state))
                secret |= any(verdict.secret for verdict in judged)
                yield from judged
            found = assigned(word, values)
            if found is None:
                yield warn(f"can't be read with certainty: {shown(word.raw)}")
                continue
            name, value = found
            yield self.assignment(name, word.raw, lasting, value)
            yield from by_variable(name, value, self, state)
            if lasting:
                state.assign(name, value, secret)
                self.array(name, word, state)
                if len(word.pieces) == 2 and word.pieces[1].text.startswith("$(("):
                    state.numbers.add(name)

    def array(self, name: str, word: Word, state: State) -> None:
        """Keep the elements of `name=(...)` where they are known."""
        if word.elements is None:
            return
        values = self.values(state)
        found = [argument for element in word.elements for argument in expand(element, values)]
        if all(argument.is_proven for argument in found) and "+=" not in word.raw[: len(name) + 2]:
            state.arrays[name] = tuple(argument.pattern for argument in found)

    def assignment(self, name: str, raw: str, lasting: bool, value: str | None) -> Verdict:
        """Judge one assignment by the name and, where it is known, the value."""
        rules = self.places.rules
        if like(name, rules.hostile_variables):
            return block(f"{shown(raw)} makes every program load other code")
        known = value is not None
        if name == "IFS" and not lasting and known:
            return allow("sets `IFS` for one command")
        if ADDED_PATH.fullmatch(raw) and not opens_path(raw):
            return confirm(f"adds folders to the places that programs are looked up in: {shown(raw)}")
        if value and like(name, rules.run_variables) and names_helper(unescaped(value), rules):
            return confirm(f"sets {shown(name)}, which says what other commands run: {shown(raw)}")
        if like(name, rules.steering_variables):
            return warn(f"sets {shown(name)}, which decides what other commands run")
        if not lasting and known and like(name, rules.plain_variables):
            return allow(f"sets {shown(name)} for one command")
        if lasting and PLAIN_NAME.fullmatch(name) and not PROXIES.fullmatch(name):
            return allow(f"sets the variable {shown(name)}")
        return confirm(f"sets a variable: {shown(raw)}")

    def values(self, state: State) -> Values:
        """Return what the variables hold here."""
        return values_of(self.places, state)


def _written_out(node: Simple) -> Iterator[str]:
    """Yield what a command is given: its words, and what it is fed by its redirections."""
    yield from (word.raw for word in node.words)
    for redirect in node.redirects:
        if redirect.document:
            yield redirect.document.text
        elif redirect.target and redirect.operator in ("<", "<<<"):
            yield redirect.target.raw


def _joined(first: tuple[str, ...] | None, second: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if first is None or second is None else tuple(dict.fromkeys((*first, *second)))
