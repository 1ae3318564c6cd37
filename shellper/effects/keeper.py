"""The keeper: previews a command's effects before the decision, and sees that what it changes can be taken back."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shellper.calls import LocalDisk, ToolCall, render_command
from shellper.effects.beyond import beyond_files
from shellper.effects.changes import ChangeKind, ChangeSet, Flag, readable, visible_name
from shellper.effects.clone import MOST_BYTES, MOST_FILES, cost
from shellper.effects.effects import Effects, Known
from shellper.effects.errors import EffectsError
from shellper.effects.flags import flagged
from shellper.effects.journal import Record
from shellper.effects.ledger import Budget, Ledger
from shellper.effects.node import Kind, Node, read_facts
from shellper.effects.plan import Method, Plan, Target, Unplannable
from shellper.effects.planners import plan_command
from shellper.effects.recovery import recover
from shellper.effects.running import Running
from shellper.effects.trying import NotTried, Trial, apply_trial, try_out
from shellper.effects.upper import with_sizes
from shellper.effects.walls import Walls, walls_of
from shellper.sandbox import Policy, RunResult, explain_refusal

_LEAST_SPACE = 64 << 10  # bytes
_MUCH = 10 * 1000**2  # bytes that are worth a word
_LONGEST_WORDS = 200

Output = Callable[[str, str], None]


@dataclass(frozen=True)
class Applied:
    """What a command came to: its result, the paths that changed, the transaction's number, and a line to be told."""

    result: RunResult
    changed: tuple[Path, ...] = ()
    transaction: int | None = None
    notice: str = ""


@dataclass(frozen=True)
class _Planned:
    """A plan, and what it was made from."""

    plan: Plan
    call: ToolCall
    walls: Walls


@dataclass(frozen=True)
class _Clone:
    """The folder that is copied before a command runs."""

    root: Path


class Keeper:
    """Previews and transactions of one program, with a store below a state folder."""

    def __init__(self, state: Path, home: Path, budget: Budget | None = None, ledger: Ledger | None = None) -> None:
        self.ledger = ledger or Ledger(state, budget=budget)
        self._home = home
        self._trials: list[Trial] = []

    def recover(self) -> list[str]:
        """Take back what was interrupted; gives one line for each. Raises `EffectsError`."""
        return recover(self.ledger)

    def preview_call(
        self, call: ToolCall, command: str, policy: Policy, root: Path, cancelled: threading.Event | None = None
    ) -> Effects | None:
        """Return what a tool call changes; None for one that only reads files.

        Setting `cancelled`, from any thread, ends a trial: then less is known.
        """
        if call.name == "kill":
            return Effects(ChangeSet(), Known.PLANNED, False, ("no undo: it acts on a process, not on files",))
        walls = walls_of(policy)
        try:
            plan = self._plan(call, policy.folder, walls)
        except Unplannable as error:
            return self.preview_text(command, policy, root, f"no preview: {error}", cancelled)
        if plan is None:
            return None
        problem = walls.problem(plan, policy.folder)
        if not plan.exact and plan.targets and not problem:
            with contextlib.suppress(NotTried, EffectsError):
                return self._tried(command, policy, root, cancelled)
        changes = flagged(plan.changes, root)
        notes = [f"will fail: {problem}" for problem in plan.problems]
        notes += [problem] if problem else []
        notes += _about_links(changes, "change with it")
        over = (*not_ours(plan), *self._over_budget(plan.bytes))[:1] if plan.targets else ()
        notes += [] if over else _about_owners(plan)
        notes += over or _about_space(changes, self.ledger.budget)
        known = Known.PLANNED if plan.exact else Known.NAMES
        return Effects(changes, known, not over, tuple(notes), _Planned(plan, call, walls))

    def _plan(self, call: ToolCall, folder: Path, walls: Walls) -> Plan | None:
        rendered = render_command(call, disk=LocalDisk(folder, self._home))
        return plan_command(rendered, folder, self._home, walls.mounts)

    def preview_text(
        self,
        command: str,
        policy: Policy,
        root: Path,
        reason: str = "",
        cancelled: threading.Event | None = None,
    ) -> Effects:
        """Return what a command changes, by trying it out where that can be; setting `cancelled` ends the trial."""
        why = beyond_files(command)
        if why:
            return self._unknown(root, f"no preview: {why}, and what is not a file can't be undone")
        if policy.network or policy.host_processes:
            return self._unknown(root, "no preview: the network or the machine's processes can be reached")
        try:
            return self._tried(command, policy, root, cancelled)
        except (NotTried, EffectsError) as error:
            return self._unknown(root, reason or str(error))

    def _tried(self, command: str, policy: Policy, root: Path, cancelled: threading.Event | None) -> Effects:
        trial = try_out(self.ledger, command, policy, cancelled)
        self._trials.append(trial)
        changes = flagged(trial.upper.changes, root)
        result = trial.result
        notes = [f"it ends with exit code {result.exit_code}{_last_words(result)}"] if result.exit_code else []
        refusal = explain_refusal(result, policy, command)
        notes += [refusal] if refusal else []
        notes += _about_links(changes, "keep what is in them now")
        if trial.foreign:
            notes.append(f"{trial.foreign[0]} is of another owner: such files could not be changed in this preview")
        over = self._over_budget(with_sizes(trial.upper))
        notes += over or _about_space(changes, self.ledger.budget)
        return Effects(changes, Known.TRIED, not over, tuple(notes), trial)

    def _over_budget(self, size: int) -> tuple[str, ...]:
        most = self.ledger.budget.bytes
        if size <= most:
            return self._unusable()
        return (f"no undo: {readable(size)} would have to be kept, more than the {readable(most)} that are set aside",)

    def _unusable(self) -> tuple[str, ...]:
        """Say why the store can't take pre-images; nothing where it can."""
        try:
            self.ledger.prepare()
            if not os.access(self.ledger.transactions, os.W_OK | os.X_OK):
                raise EffectsError(f"{self.ledger.transactions} can't be written; make it writable")
            found = os.statvfs(self.ledger.transactions)
            # What is renamed or linked takes no space, so only the journal's is asked for.
            if found.f_bavail * found.f_frsize < _LEAST_SPACE:
                raise EffectsError(f"{self.ledger.folder} can't be written (the disk is full); free some space")
        except EffectsError as error:
            return (f"no undo: {error}",)
        except OSError as error:
            return (f"no undo: {self.ledger.folder} can't be used ({error.strerror})",)
        return ()

    def _unknown(self, root: Path, why: str) -> Effects:
        """Return the effects of what shows only afterwards: a copy of the project is the pre-image, if it is small."""
        if self.ledger.folder.is_relative_to(root) or root.parent == root or root == self._home:
            return Effects(
                ChangeSet(), Known.AFTERWARDS, False, (why, "no undo: work in a folder of a project for that")
            )
        unusable = self._unusable()
        if unusable:
            return Effects(ChangeSet(), Known.AFTERWARDS, False, (why, *unusable))
        found = cost(root)
        if found is None or found.bytes > self.ledger.budget.bytes:
            most = f"{MOST_FILES:,} files or {readable(MOST_BYTES)}"
            return Effects(ChangeSet(), Known.AFTERWARDS, False, (why, f"no undo: {root} has more than {most}"))
        note = f"what it changes in {root} shows afterwards and can be undone"
        return Effects(ChangeSet(), Known.AFTERWARDS, True, (why, note), _Clone(root))

    def untried(self, effects: Effects, root: Path, why: str = "it runs outside the sandbox") -> Effects:
        """Return the effects of a command that is run for real though it was tried out, for the reason given."""
        if not isinstance(effects.work, Trial):
            return effects
        self.drop(effects.work)
        return self._unknown(root, why)

    def is_stale(self, effects: Effects, policy: Policy) -> bool:
        """Say whether the disk has changed since the effects were previewed, so that others would come of it."""
        work = effects.work
        try:
            if isinstance(work, Trial):
                return work.is_stale()
            if isinstance(work, _Planned):
                return self._plan(work.call, policy.folder, work.walls) != work.plan
        except (Unplannable, OSError):
            return True
        return False

    def run(
        self, effects: Effects | None, command: str, policy: Policy, run: Callable[[], RunResult], output: Output
    ) -> Applied:
        """Run a command within a transaction, or apply the run that was previewed.

        `run` runs it for real. Raises what that raises, and `EffectsError` where the pre-images can't be kept: then
        nothing has happened.
        """
        work = None if effects is None else effects.work
        if isinstance(work, Trial):
            return self._apply(work, command, policy, output, undo=effects is None or effects.undo)
        targets: tuple[Target, ...] = ()
        if effects is not None and effects.undo:
            if isinstance(work, _Planned):
                targets = self._targets(work, policy)
            elif isinstance(work, _Clone):
                targets = (Target(work.root, Method.TREE, read_facts(work.root)),)
        if not targets:
            return Applied(run())
        running = Running(self.ledger, command, policy.folder, targets)
        running.start()
        try:
            result = run()
        except BaseException:
            running.seal()
            raise
        return self._sealed(running, result)

    def _targets(self, work: _Planned, policy: Policy) -> tuple[Target, ...]:
        """Return the targets of a plan behind the walls that hold by now: the user may have sent it outside."""
        walls = walls_of(policy)
        if walls.mounts == work.walls.mounts:
            return work.plan.targets
        try:
            plan = self._plan(work.call, policy.folder, walls)
        except Unplannable as error:
            raise EffectsError(f"what it changes can't be known any more ({error}); ask again") from error
        return () if plan is None else plan.targets

    def _sealed(self, running: Running, result: RunResult) -> Applied:
        try:
            record = running.seal()
        except EffectsError as error:
            return Applied(result, notice=f"what it changed can't be undone: {error}")
        return self._applied(result, record)

    def _apply(self, trial: Trial, command: str, policy: Policy, output: Output, *, undo: bool) -> Applied:
        record = apply_trial(self.ledger, trial, policy.folder)
        for stream, text in trial.output:
            output(stream, text)
        self.drop(trial)
        if record is not None and not undo:
            changed = _paths(record)
            self.ledger.drop(record)
            return Applied(trial.result, changed)
        return self._applied(trial.result, record)

    def _applied(self, result: RunResult, record: Record | None) -> Applied:
        if record is None:
            return Applied(result)
        notice = ""
        try:
            with self.ledger.locked():
                self.ledger.tidy()
        except EffectsError as error:
            notice = str(error)
        return Applied(result, _paths(record), record.id, notice)

    def drop(self, work: object) -> None:
        """Forget a trial that is not to be applied, or was."""
        if isinstance(work, Trial) and work in self._trials:
            self._trials.remove(work)
            with contextlib.suppress(OSError):
                work.drop()

    def close(self) -> None:
        """Forget all trials."""
        for trial in list(self._trials):
            self.drop(trial)


def _last_words(result: RunResult) -> str:
    """Return the last line that a command wrote, as the end of a sentence; nothing where it wrote none."""
    lines = [line for line in (result.stderr.text or result.stdout.text).splitlines() if line.strip()]
    return f": {visible_name(lines[-1][:_LONGEST_WORDS])}" if lines else ""


def _about_links(changes: ChangeSet, what: str) -> list[str]:
    """Say what becomes of the other names of files that have some; nothing where none has."""
    found = next((change for change in changes if Flag.LINKED in change.flags), None)
    return [] if found is None else [f"the other names of {visible_name(found.path.name)} {what}"]


def _about_space(changes: ChangeSet, budget: Budget) -> tuple[str, ...]:
    """Say that deleted files take space as long as they can be undone, where it is much."""
    size = sum(change.bytes for change in changes if change.kind is ChangeKind.DELETED)
    if size < _MUCH:
        return ()
    return (f"the {readable(size)} stay on the disk for undo, {budget.seconds / 86400:.0f} days at most",)


def not_ours(plan: Plan) -> tuple[str, ...]:
    """Say which file can't be given back because it belongs to somebody else; nothing where all can."""
    if os.geteuid() == 0:
        return ()
    for target in plan.targets:
        node = target.before
        if node is None:
            continue
        if target.method is Method.FACTS and node.owner[0] != os.geteuid():
            return (f"no undo: the time of {visible_name(target.path.name)}, which belongs to somebody else, stays",)
        path = _first_unreadable(target.path, node) if target.method in (Method.SWAP, Method.IN_PLACE) else None
        if path is not None:
            return (f"no undo: {visible_name(path.name)} belongs to somebody else and can't be read",)
    return ()


def _about_owners(plan: Plan) -> list[str]:
    """Say that what belongs to somebody else comes back by undo as the user's own; nothing where nothing does."""
    user = os.geteuid()
    kept = [target for target in plan.targets if target.method is Method.SWAP and target.before is not None]
    found = next((target for target in kept if target.before and target.before.owner[0] != user), None)
    if user == 0 or found is None:
        return []
    return [f"{visible_name(found.path.name)} belongs to somebody else; undo may give it back as yours"]


def _first_unreadable(path: Path, node: Node) -> Path | None:
    if node.kind is Kind.FILE and node.owner[0] != os.geteuid() and not os.access(path, os.R_OK):
        return path
    found = (_first_unreadable(path / name, child) for name, child in node.children.items())
    return next((one for one in found if one is not None), None)


def _paths(record: Record) -> tuple[Path, ...]:
    paths = [path for item in record.items for path in (item.source, item.path) if path is not None]
    return tuple(dict.fromkeys(paths))
