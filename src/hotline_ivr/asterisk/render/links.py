"""How the service reaches Asterisk: the manager account."""

from __future__ import annotations

from hotline_ivr.asterisk.render.sections import section
from hotline_ivr.asterisk.secrets import Secrets
from hotline_ivr.settings import Settings

AMI_USER = "hotline"

# The account hears these and nothing else. Channel events are left out on purpose: they carry caller text
# that the manager interface does not escape. Of the Agent* events two are heard, for what member events do
# not say in time; the others are most of the bytes, and the record comes from files.
# Waking a waiting caller (PlayDTMF) needs the class `call` for writing. It opens Redirect, Hangup, Setvar and
# what else can be done to a call, but neither new calls, the console, the configuration nor channel events.
EVENTS = (
    "QueueParams",
    "QueueMember",
    "QueueEntry",
    "QueueStatusComplete",
    "QueueMemberStatus",
    "QueueMemberAdded",
    "QueueMemberRemoved",
    "QueueMemberPause",
    "QueueMemberPenalty",
    "QueueCallerJoin",
    "QueueCallerLeave",
    "QueueCallerAbandon",
    "AgentCalled",
    "AgentConnect",
    "AgentRingNoAnswer",
)


def manager_conf(settings: Settings, secrets: Secrets, *, records: bool = False) -> str:
    """`records` is whether conversations may have to be paused, which is done as waking is."""
    general = section(
        "general",
        [
            ("enabled", "yes"),
            ("webenabled", "no"),
            ("bindaddr", settings.ami_bind),
            ("port", settings.ami_port),
            ("displayconnects", "no"),
            ("timestampevents", "yes"),
            ("authtimeout", 5),
            ("authlimit", 20),
        ],
    )
    account = section(
        AMI_USER,
        [
            ("secret", secrets.ami),
            ("deny", "0.0.0.0/0.0.0.0"),
            ("permit", settings.ami_permit),
            ("read", "agent"),
            ("write", "agent,call" if settings.queue_wakeup == "yes" or records else "agent"),
            # A reader that is late is cut off after this many ms; the default of 100 is a hiccup.
            ("writetimeout", 5000),
            # A half-open link of ours would lock us out until Asterisk notices; a lock file keeps a second
            # service away instead.
            ("allowmultiplelogin", "yes"),
            *((f"eventfilter(action(include),name({name}))", "") for name in EVENTS),
        ],
    )
    return general + account


def http_conf() -> str:
    return section("general", [("enabled", "no")])
