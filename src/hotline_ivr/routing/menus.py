"""A caller among menus: what a key does, what digits lead to, and where one is sent.

Pure, and without a memory of its own: where the caller is travels on the channel as a State.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hotline_ivr.config.destinations import Destination
from hotline_ivr.config.line import Line
from hotline_ivr.config.menus import Choice, Collect, Menu
from hotline_ivr.config.models import Plan
from hotline_ivr.config.overflow import Route
from hotline_ivr.routing.opening_days import opening_days
from hotline_ivr.routing.places import go_to, go_to_line_queue
from hotline_ivr.routing.rulebook import Rulebook
from hotline_ivr.routing.speech import week_hours
from hotline_ivr.routing.steps import MAX_DEPTH, AskDigits, AskKey, Decision, LookUp, State, Step
from hotline_ivr.routing.surroundings import NOTHING_SEEN, Surroundings

COLLECT_PREFIX = "_"
"""Before the id of what a caller is asked for, in a state's path; no menu's id begins so."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A call at its place in the plan, at a moment (aware)."""

    book: Rulebook
    line_id: str
    line: Line
    state: State
    now: datetime
    #: Who takes the calls, by the plan or by hand.
    route: Route = "both"
    #: Whether the line is open now; a caller may be among us when it closes.
    is_open: bool = True
    call_id: str = ""
    #: What the line, the number dialled and the caller's own number give in a queue (s).
    head_start_s: int = 0
    surroundings: Surroundings = NOTHING_SEEN

    @property
    def plan(self) -> Plan:
        return self.book.plan

    @property
    def language(self) -> str:
        return self.state.language or self.line.language

    @property
    def in_queue_s(self) -> int:
        """The head start in a queue, of all that apply the greatest (s)."""
        return max(self.head_start_s, self.state.head_start_s)

    @property
    def node(self) -> str:
        """The menu, digits (`_<id>`) or voicemail box where the caller is; empty elsewhere."""
        return self.state.path[-1] if self.state.path else ""

    @property
    def resting(self) -> State:
        """In no menu any more; the language stays."""
        return State(self.state.language, head_start_s=self.state.head_start_s)

    def enter_menu(self, name: str, reason: str, *before: Step, language: str | None = None) -> Decision:
        """Into a menu from its beginning; the line's queue if the plan has no such menu."""
        menu = self.plan.menus.get(name)
        chosen = self.state.language if language is None else language
        here = self.at(State(chosen, 0, self._path_to(name), self.state.head_start_s))
        if menu is None:
            return go_to_line_queue(here, f"no-such-menu:{name}", *before)
        return here.tell(menu, (menu.prompt,), reason, *before)

    def tell(self, menu: Menu, prompts: tuple[str, ...], reason: str, *before: Step) -> Decision:
        """Say these prompts in the present menu and wait for a key."""
        key = AskKey(self.node, self.language, prompts, menu.timeout, menu.barge_in)
        return Decision((*before, key), reason, self.state)

    def ask_digits(self, name: str, reason: str, *before: Step) -> Decision:
        collect = self.plan.collects.get(name)
        if collect is None:
            return go_to_line_queue(self, f"no-such-collect:{name}", *before)
        path = (*self._menus(), COLLECT_PREFIX + name)[-MAX_DEPTH:]
        here = self.at(State(self.state.language, 0, path, self.state.head_start_s))
        return here.ask_again(collect, (collect.prompt,), reason, *before)

    def ask_again(self, collect: Collect, prompts: tuple[str, ...], reason: str, *before: Step) -> Decision:
        terminator = "" if collect.terminator == "none" else collect.terminator
        digits = AskDigits(
            self.node.removeprefix(COLLECT_PREFIX),
            self.language,
            prompts,
            collect.max_digits,
            terminator,
            collect.timeout,
        )
        return Decision((*before, digits), reason, self.state)

    def at(self, state: State) -> Visit:
        # Field by field: `replace` takes longer than all the rest of a decision.
        return Visit(
            self.book,
            self.line_id,
            self.line,
            state,
            self.now,
            self.route,
            self.is_open,
            self.call_id,
            self.head_start_s,
            self.surroundings,
        )

    def failed_once_more(self) -> Visit:
        state = self.state
        return self.at(State(state.language, state.tries + 1, state.path, state.head_start_s))

    def _menus(self) -> tuple[str, ...]:
        return tuple(name for name in self.state.path if not name.startswith(COLLECT_PREFIX))

    def _path_to(self, name: str) -> tuple[str, ...]:
        """A menu that the caller came through is gone back to: so no path holds a menu twice."""
        path = self._menus()
        if name in path:
            return path[: path.index(name) + 1]
        return (*path, name)[-MAX_DEPTH:]


def after_key(visit: Visit, key: str | None) -> Decision:
    """What a key does in the present menu; None is no key in time."""
    menu = visit.plan.menus.get(visit.node)
    if menu is None:
        # The menu is gone from the plan that this service knows.
        return go_to_line_queue(visit, "menu-gone")
    choice = None if key is None else menu.keys.get(key)
    if choice is None:
        return _no_choice(visit, menu, key)
    return _choose(visit, menu, choice, f"menu:{visit.node}:{_KEY_WORDS.get(key or '', key)}")


# Only these words may stand in a reason.
_KEY_WORDS = {"*": "star", "#": "hash"}


def _no_choice(visit: Visit, menu: Menu, key: str | None) -> Decision:
    word, prompt = ("no-input", menu.no_input) if key is None else ("wrong-input", menu.wrong_input)
    reason = f"menu:{visit.node}:{word}"
    if visit.state.tries + 1 >= menu.tries:
        return _default(visit, menu.default, reason)
    prompts = (*((prompt,) if prompt else ()), menu.short_prompt or menu.prompt)
    return visit.failed_once_more().tell(menu, prompts, reason)


def _choose(visit: Visit, menu: Menu, choice: Choice, reason: str) -> Decision:
    if choice.language is not None:
        # Written in full even where it is the line's own: another language may have been chosen before.
        state = State(choice.language, visit.state.tries, visit.state.path, visit.state.head_start_s)
        visit = visit.at(state)
    if choice.priority is not None:
        state = visit.state
        best = max(choice.priority, state.head_start_s)
        visit = visit.at(State(state.language, state.tries, state.path, best))
    match choice.do:
        case "operator":
            return go_to_line_queue(visit, reason)
        case "back":
            *_, before = ("", *visit.state.path[:-1])
            return visit.enter_menu(before or visit.node, reason)
        case "repeat":
            return visit.tell(menu, (menu.prompt,), reason)
        case "hours":
            return visit.tell(menu, (*_hours(visit), menu.short_prompt or menu.prompt), reason)
        case None:
            return (
                visit.enter_menu(visit.node, reason)
                if choice.kind == "language"
                else go_to(visit, choice, reason)
            )


def _hours(visit: Visit) -> tuple[str, ...]:
    """The hours of the coming seven days, in parts. No day is called today: the fallback says it too."""
    return week_hours(visit.language, opening_days(visit.book, visit.line_id, visit.now, 7))


def after_digits(visit: Visit, digits: str) -> Decision | LookUp:
    """What follows when a caller has given digits, right or wrong, or none."""
    name = visit.node.removeprefix(COLLECT_PREFIX)
    collect = visit.plan.collects.get(name)
    if collect is None:
        return go_to_line_queue(visit, "collect-gone")
    if collect.accepts(digits):
        if collect.lookup is not None:
            return LookUp(name, collect.lookup.url, collect.lookup.deadline, digits)
        return _default(visit, collect.default, f"collect:{name}:right")
    reason = f"collect:{name}:{'wrong' if digits else 'nothing'}"
    if visit.state.tries + 1 >= collect.tries:
        return _default(visit, collect.failed or collect.default, reason)
    again = (*((collect.wrong_input,) if collect.wrong_input else ()), collect.prompt)
    return visit.failed_once_more().ask_again(collect, again, reason)


def after_lookup(visit: Visit, answer: str | None) -> Decision:
    """Where an answer about the digits leads; None is none in time."""
    name = visit.node.removeprefix(COLLECT_PREFIX)
    collect = visit.plan.collects.get(name)
    if collect is None:
        return go_to_line_queue(visit, "collect-gone")
    lookup = collect.lookup
    if lookup is None:
        return _default(visit, collect.default, f"collect:{name}:right")
    known = lookup.answers.get(answer) if answer is not None else None
    if known is not None:
        return go_to(visit, known, f"lookup:{name}:{answer}")
    return _default(visit, collect.default, f"lookup:{name}:{'no-answer' if answer is None else 'other'}")


def _default(visit: Visit, place: Destination | None, reason: str) -> Decision:
    return go_to_line_queue(visit, reason) if place is None else go_to(visit, place, reason)
