"""What Asterisk has to be told, as mappings from file name to text.

Two sets, because two processes may stand behind them: the service knows the plan, and whoever runs Asterisk
knows where its modules are.

Pure: the same input always gives the same files, byte for byte, so that an unchanged plan touches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.asterisk.render import dialplan, instance, links, pjsip, queues, recording
from hotline_ivr.asterisk.render.sections import header
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.config.models import Plan
from hotline_ivr.routing.recording_rules import records_anything
from hotline_ivr.settings import Settings

_MACHINE = "this machine's settings (HOTLINE_*)"
_OURSELVES = "hotline-ivr itself"

Files = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlanInput:
    """Everything that the files about the plan depend on."""

    plan: Plan
    settings: Settings
    secrets: Secrets
    dialplans: Path
    """Folder of the hand-written dialplan."""


def render_plan(given: PlanInput) -> Files:
    """The files that the service writes: file name (relative to etc_dir) to text."""
    plan, settings, secrets = given.plan, given.settings, given.secrets
    source = str(plan.source) if plan.source else "the plan"
    return _with_headers(
        {
            "manager.conf": (
                _MACHINE,
                "The service's account: least rights, events by name",
                links.manager_conf(settings, secrets, records=records_anything(plan)),
            ),
            "pjsip.conf": (
                source,
                "Carriers and operators' phones",
                pjsip.pjsip_conf(plan, settings, secrets),
            ),
            "queues.conf": (
                source,
                "Queues; who serves them is set while running",
                queues.queues_conf(plan, secrets),
            ),
            "queuerules.conf": (
                source,
                "When callers admit less skilled operators",
                queues.queue_rules_conf(plan),
            ),
            "features.conf": (
                source,
                "Keys of operators in a call: the pause of a recording",
                recording.features_conf(plan),
            ),
            "extensions.conf": (
                source,
                "Exact numbers, each to its line",
                dialplan.extensions_conf(plan, settings, secrets, given.dialplans),
            ),
        }
    )


def render_instance(settings: Settings, modules: Path) -> Files:
    """The files that whoever runs Asterisk writes; `modules` is Asterisk's own folder of modules."""
    return _with_headers(
        {
            "asterisk.conf": (
                _MACHINE,
                "Where this Asterisk keeps its files",
                instance.asterisk_conf(settings, modules),
            ),
            "modules.conf": (_OURSELVES, "Only what a hotline needs is loaded", instance.modules_conf()),
            "logger.conf": (_OURSELVES, "What Asterisk logs", instance.logger_conf()),
            "cdr.conf": (
                _OURSELVES,
                "Call records come from the event log, not from here",
                instance.cdr_conf(),
            ),
            "cel.conf": (_OURSELVES, "Events of which the record of calls is made", instance.cel_conf()),
            "cel_custom.conf": (
                _OURSELVES,
                "The event log: no field that a caller controls",
                instance.cel_custom_conf(),
            ),
            "rtp.conf": (_MACHINE, "Audio ports", instance.rtp_conf(settings)),
            "musiconhold.conf": (_MACHINE, "Music while callers wait", instance.musiconhold_conf(settings)),
            "http.conf": (_OURSELVES, "Asterisk's own web server stays off", links.http_conf()),
            "udptl.conf": (_OURSELVES, "No fax", instance.empty_general()),
            "acl.conf": (_OURSELVES, "No named lists", ""),
            "ccss.conf": (_OURSELVES, "No call completion", instance.empty_general()),
            "cli.conf": (_OURSELVES, "Nothing runs at start", instance.empty_general()),
            "indications.conf": (_OURSELVES, "Tones", instance.indications_conf()),
            "pjproject.conf": (
                _OURSELVES,
                "The SIP library says only what matters",
                instance.pjproject_conf(),
            ),
            "stasis.conf": (_OURSELVES, "Messages nobody here reads are not made", instance.stasis_conf()),
        }
    )


def _with_headers(files: Mapping[str, tuple[str, str, str]]) -> Files:
    return {name: header(origin, what) + text for name, (origin, what, text) in files.items()}
