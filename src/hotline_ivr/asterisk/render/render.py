"""What Asterisk has to be told, as a mapping from file name to text.

Pure: the same input always gives the same files, byte for byte, so that an unchanged plan touches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hotline_ivr.asterisk.render import dialplan, instance, links, pjsip, queues
from hotline_ivr.asterisk.render.sections import header
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.config.models import Plan
from hotline_ivr.settings import Settings


@dataclass(frozen=True, slots=True)
class RenderInput:
    """Everything the rendered files depend on."""

    plan: Plan
    settings: Settings
    secrets: Secrets
    dialplans: Path
    """Folder of the hand-written dialplan."""
    modules: Path
    """Folder of Asterisk's modules (astmoddir)."""


def render(given: RenderInput) -> Mapping[str, str]:
    """File name (relative to etc_dir) to text."""
    plan, settings, secrets = given.plan, given.settings, given.secrets
    source = str(plan.source) if plan.source else "the plan"
    machine = "this machine's settings (HOTLINE_*)"
    files = {
        "asterisk.conf": (machine, "Where this Asterisk keeps its files", instance.asterisk_conf(settings, given.modules)),
        "modules.conf": ("hotline-ivr", "Only what a hotline needs is loaded", instance.modules_conf()),
        "logger.conf": ("hotline-ivr", "What Asterisk logs", instance.logger_conf()),
        "cdr.conf": ("hotline-ivr", "Call records come from the event log, not from here", instance.cdr_conf()),
        "cel.conf": ("hotline-ivr", "Events of which the record of calls is made", instance.cel_conf()),
        "cel_custom.conf": ("hotline-ivr", "The event log: no field that a caller controls", instance.cel_custom_conf()),
        "rtp.conf": (machine, "Audio ports", instance.rtp_conf(settings)),
        "musiconhold.conf": (machine, "Music while callers wait", instance.musiconhold_conf(settings)),
        "manager.conf": (machine, "The service's account: least rights, events by name", links.manager_conf(settings, secrets)),
        "http.conf": (machine, "Asterisk's own web server stays off", links.http_conf()),
        "pjsip.conf": (source, "Carriers and operators' phones", pjsip.pjsip_conf(plan, settings, secrets)),
        "queues.conf": (source, "Queues; who serves them is set while running", queues.queues_conf(plan)),
        "extensions.conf": (source, "Exact numbers, each to its line", dialplan.extensions_conf(plan, settings, given.dialplans)),
        "features.conf": ("hotline-ivr", "No feature codes in a call", instance.features_conf()),
        "udptl.conf": ("hotline-ivr", "No fax", instance.empty_general()),
        "acl.conf": ("hotline-ivr", "No named lists", ""),
        "queuerules.conf": ("hotline-ivr", "No rules that change a call's wait", ""),
        "ccss.conf": ("hotline-ivr", "No call completion", instance.empty_general()),
        "cli.conf": ("hotline-ivr", "Nothing runs at start", instance.empty_general()),
        "indications.conf": ("hotline-ivr", "Tones", instance.indications_conf()),
        "pjproject.conf": ("hotline-ivr", "The SIP library says only what matters", instance.pjproject_conf()),
        "stasis.conf": ("hotline-ivr", "Messages nobody here reads are not made", instance.stasis_conf()),
    }
    return {name: header(origin, what) + text for name, (origin, what, text) in files.items()}
