"""The two arms that the bench compares."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from bench.nodes import configuration, fixed_members, member_names, numbers, pure_dialplan
from hotline_ivr.asterisk.secrets import ensure_secrets
from hotline_ivr.config.check import check
from hotline_ivr.config.models import Plan


def read(folder: Path) -> Plan:
    yaml = YAML(typ="safe", pure=True)
    with (folder / "hotline.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(configuration(10, 3, 5070), file)
    result = check(folder, frozenset({"greeting", "closed", "sorry", "technical"}))
    assert result.plan is not None, result.text
    return result.plan


def test_members_differ_within_the_characters_that_a_queue_looks_at() -> None:
    names = member_names(1000)
    assert len({name[:5] for name in names}) == 1000


def test_the_configuration_is_good_and_each_operator_serves_one_queue(tmp_path: Path) -> None:
    plan = read(tmp_path)
    serving = [name for queue in plan.queues.values() for name in queue.operators]
    assert sorted(serving) == sorted(plan.operators)
    assert [number for line in plan.lines.values() for number in line.numbers] == numbers(3)


def test_both_arms_have_the_same_numbers_queues_and_members(tmp_path: Path) -> None:
    plan = read(tmp_path)
    dialplan = pure_dialplan(plan, Path("/sounds"))
    assert all(f"exten => {number},1,GotoIfTime(" in dialplan for number in numbers(3))
    assert all(f"Queue({queue}," in dialplan for queue in plan.queues)
    secrets = ensure_secrets(tmp_path / "secrets.yaml", plan.operators)
    members = fixed_members(plan, secrets)
    assert all(
        f"member => PJSIP/{phone.account},0,{name}\n" in members for name, phone in secrets.phones.items()
    )
