"""The figures of the calls for a person: what was measured, how, and whether it is what was aimed at."""

from __future__ import annotations

from bench.agi_server import TRIPS
from bench.figures import ARMS, EASE, PASS_FAILED, Arm, Figures, Outcome, Shape, Spread
from bench.latency import PACE_S, Latency, Waits
from bench.load import RAMP_S, RING_MS, TALK_MS

_METHOD = """\
search: the highest rate up to {goal} calls/s that each arm sustains for {seconds} s (failed < {failed:.1%},
  rate kept), within a tenth; an arm that was overloaded begins anew
blocks: {blocks} at each of {rates} calls/s; pure, ours, ours, pure for {seconds} s each;
  ratios are taken within a block
each call: answer, hours check, greeting, queue, operator answers after {ring} ms, {talk} ms of talk, BYE
both arms: {operators} operators in {queues} queues; SIPp on one core, Asterisk and service where they like
pure: GotoIfTime, Answer, Playback, Queue, cdr_csv, queue_log; no event log, manager link or service
ours: `hotline up`: ask by FastAGI, event log, queue_log, manager link, record in SQLite
asks: {pace:g} s apart, idle and beside calls at half of the lower highest rate, or of the lowest rate given
calls/s count from {ramp:g} s on; CPU is user and system time from /proc, a completed call, until the record
  is written"""


def method(shape: Shape) -> str:
    return _METHOD.format(
        goal=shape.goal,
        failed=PASS_FAILED,
        rates=" and ".join(map(str, shape.rates)) or f"{EASE:.0%} of the lower highest",
        seconds=shape.seconds,
        blocks=shape.blocks,
        ring=RING_MS,
        talk=TALK_MS,
        operators=shape.operators,
        queues=shape.queues,
        ramp=RAMP_S,
        pace=PACE_S,
    )


def arm_line(arm: Arm) -> str:
    seen = arm.seen
    p50, p99 = (seen.answer_percentile(share) for share in (0.5, 0.99))
    busy = " ".join(f"{share:.0%}" for share in arm.busy.values())
    return (
        f"  {arm.name} {seen.per_second:6.1f} calls/s, {seen.failed:.2%} failed, {seen.retransmissions} sent"
        f" again; INVITE to 200 p50 {p50:.0f} p99 {p99:.0f} ms; CPU-ms a call: Asterisk"
        f" {arm.asterisk_ms:.2f}, ours {arm.ours_ms:.3f}, SIPp {arm.sipp_ms:.2f}; cores busy {busy}"
    )


def table(outcome: Outcome) -> list[str]:
    lines = []
    if outcome.highest:
        rates = ", ".join(f"{name} {rate} calls/s" for name, rate in outcome.highest.items())
        lines.append(
            f"P1  highest rate sustained, ours / pure: {outcome.sustained:.3f} (target >= 0.95); {rates}"
        )
    lines += [line for figures in outcome.rates for line in _rate(figures)]
    lines += _latency(outcome.latency)
    for name, backlog in outcome.backlogs.items():
        depths = ", ".join(f"{what} {depth}" for what, depth in backlog.items())
        lines.append(f"most ever waiting in a task processor of Asterisk, {name}: {depths}")
    return [*lines, f"answered calls in the record: {outcome.recorded}; made: {outcome.made}"]


def _rate(figures: Figures) -> list[str]:
    shares = {name: figures.failed(name) for name in ARMS}
    verdict = "kept" if max(shares.values()) < PASS_FAILED else "BROKEN"
    each = ", ".join(f"{name} {share:.2%}" for name, share in shares.items())
    again = ", ".join(f"{name} {figures.sent_again(name)}" for name in ARMS)
    return [
        f"at {figures.rate} calls/s",
        _line("    completed calls/s, ours / pure", figures.completed, ">= 0.95"),
        f"    pass line (< {PASS_FAILED:.1%} failed) {verdict}: {each}; sent again: {again}",
        _line("P2  CPU of our processes / of the Asterisk beside them", figures.cost, "<= 0.10"),
        _line("    CPU of our processes / of pure Asterisk", figures.cost_of_pure, "<= 0.10"),
        _line("    CPU of Asterisk, ours / pure", figures.asterisk, "near 1"),
    ]


def _latency(latency: Latency) -> list[str]:
    beside = f"beside {latency.rate} calls/s"
    return [*_waits("idle", latency.idle, "<= 2"), *_waits(beside, latency.beside_calls, "<= 4")]


def _waits(when: str, seen: Waits, tail: str) -> list[str]:
    shares = f"p50 {seen.p50:.0f}, p99 {seen.p99:.0f}, p99.9 {seen.p999:.0f} us of {seen.asks}"
    return [
        f"P4  asks of the product {when}: {shares} (target p99.9 < 5000)",
        f"    p99 / p50: {seen.tail:.2f} (target {tail})",
        f"    p50 / {TRIPS} plain round trips of {seen.trip:.0f} us: {seen.trips:.2f} (target <= 1.3)",
    ]


def _line(what: str, spread: Spread, target: str) -> str:
    return f"{what}: {spread.median:.3f}, worst block {spread.worst:.3f} (target {target})"
