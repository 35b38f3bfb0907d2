"""The figures of the calls for a person: what was measured, how, and whether it is what was aimed at."""

from __future__ import annotations

from bench.figures import ARMS, PASS_FAILED, Arm, Figures, Shape, Spread
from bench.load import RAMP_S, RING_MS, TALK_MS


def method(shape: Shape) -> list[str]:
    return [
        f"{shape.rate} calls/s offered for {shape.seconds} s an arm; {shape.blocks} blocks of pure, ours, ours,"
        " pure; ratios are taken within a block",
        f"each call: answer, hours check, greeting, queue, operator answers after {RING_MS} ms, {TALK_MS} ms of"
        " talk, the operator hangs up",
        f"both arms: {shape.operators} operators in {shape.queues} queues, SIPp on one core, the rest on all",
        "pure: GotoIfTime, Answer, Playback, Queue, cdr_csv, queue_log; no event log, manager link or service",
        "ours: `hotline up`: ask by FastAGI, event log, queue_log, manager link, record in SQLite",
        f"calls/s count from {RAMP_S:g} s on; CPU is user and system time from /proc, for each completed call, until"
        " the last call is over and its record written",
    ]


def arm_line(arm: Arm) -> str:
    seen = arm.seen
    busy = ", ".join(f"{share:.0%}" for share in arm.busy.values())
    return (
        f"  {arm.name:4} {seen.per_second:6.1f} calls/s  failed {seen.failed:.2%}"
        f"  sent again {seen.retransmissions}  INVITE-200 p50 {seen.answer_percentile(0.5):.0f} p99 {seen.answer_percentile(0.99):.0f} ms"
        f"  CPU-ms a call: Asterisk {arm.asterisk_ms:.2f}, ours {arm.ours_ms:.3f}, SIPp {arm.sipp_ms:.2f}"
        f"  cores busy {busy}"
    )


def table(figures: Figures) -> list[str]:
    failed = {name: figures.failed(name) for name in ARMS}
    well = "passed" if all(share < PASS_FAILED for share in failed.values()) else "NOT passed"
    return [
        _line("P1  completed calls/s, ours / pure", figures.completed, ">= 0.95"),
        f"    pass line (< {PASS_FAILED:.1%} failed): {well}; failed: "
        + ", ".join(f"{name} {share:.2%}" for name, share in failed.items())
        + "; sent again: "
        + ", ".join(f"{name} {figures.sent_again(name)}" for name in failed),
        _line("P2  CPU of our processes / of Asterisk beside them", figures.cost, "<= 0.10"),
        _line("    CPU of our processes / of pure Asterisk", figures.cost_of_pure, "<= 0.10"),
        _line("    CPU of Asterisk, ours / pure", figures.asterisk, "as low as can be"),
        *(f"    highest rate sustained, {name}: {rate} calls/s" for name, rate in figures.highest.items()),
        *(
            f"    most waiting in a task processor, {name}: "
            + ", ".join(f"{what} {depth}" for what, depth in backlog.items())
            for name, backlog in figures.backlogs.items()
        ),
        f"    in the record: {figures.recorded} answered calls; made: {figures.completed_by_us}",
    ]


def _line(what: str, spread: Spread, target: str) -> str:
    return f"{what}: {spread.median:.3f}, worst block {spread.worst:.3f} (target {target})"
