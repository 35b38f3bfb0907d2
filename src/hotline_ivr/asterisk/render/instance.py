"""Files about the Asterisk instance itself, the same for every plan."""

from __future__ import annotations

from pathlib import Path

from hotline_ivr.asterisk.render.sections import section, value
from hotline_ivr.settings import Settings

QUEUE_MUSIC = "musiconhold-queues.conf"
"""Music of queues, written when it has been made; see launch/queue_music.py."""

# Loaded by name, because autoload brings 360 modules of which most want a configuration of their own.
_MODULES = """
res_speech res_pjsip_pubsub res_http_websocket res_stasis
res_sorcery_config res_sorcery_memory res_sorcery_astdb res_timing_timerfd res_crypto
res_pjproject res_pjsip res_pjsip_session res_pjsip_registrar res_pjsip_authenticator_digest
res_pjsip_outbound_authenticator_digest res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_ip
res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_dtmf_info res_pjsip_rfc3326 res_pjsip_nat res_pjsip_diversion
res_pjsip_refer res_pjsip_dlg_options res_pjsip_logger res_pjsip_acl res_rtp_asterisk chan_pjsip
res_format_attr_opus codec_ulaw codec_alaw codec_a_mu codec_g722 codec_resample codec_opus_open_source
format_pcm format_wav format_sln
bridge_simple bridge_native_rtp bridge_softmix bridge_holding bridge_builtin_features
pbx_config pbx_spool res_agi res_musiconhold res_cdrel_custom cel_custom
res_clioriginate app_originate app_chanspy app_playback app_read app_record app_dial app_queue app_senddtmf
app_stack app_celgenuserevent app_channelredirect app_verbose app_mixmonitor
func_base64 func_callerid func_channel func_cut func_db func_dialplan func_env func_extstate func_global
func_groupcount func_lock func_logic func_math func_strings func_timeout
""".split()  # noqa: SIM905 - a list of names is easier to read and to compare this way

_CEL_EVENTS = (
    "CHAN_START,CHAN_END,ANSWER,HANGUP,BRIDGE_ENTER,BRIDGE_EXIT,"
    "BLINDTRANSFER,ATTENDEDTRANSFER,LINKEDID_END,USER_DEFINED"
)


def asterisk_conf(settings: Settings, modules: Path) -> str:
    home = settings.asterisk_dir
    return section(
        "directories",
        [
            ("astetcdir", str(settings.etc_dir)),
            ("astmoddir", str(modules)),
            ("astvarlibdir", str(home / "lib")),
            ("astdbdir", str(home / "lib")),
            ("astkeydir", str(home / "lib")),
            ("astdatadir", str(home / "share")),
            ("astagidir", str(home / "share" / "agi-bin")),
            ("astspooldir", str(home / "spool")),
            ("astrundir", str(settings.run_dir)),
            ("astlogdir", str(settings.log_dir)),
            ("astcachedir", str(home / "cache")),
        ],
        arrow=True,
    ) + section(
        "options",
        [
            # The node's name begins every unique id, so that ids of several nodes never meet.
            ("systemname", settings.node),
            ("languageprefix", "yes"),
            ("live_dangerously", "no"),
            ("documentation_language", "en_US"),
            ("hideconnect", "yes"),
        ],
        arrow=True,
    )


def modules_conf() -> str:
    return section("modules", [("autoload", "no"), *(("load", f"{name}.so") for name in _MODULES)])


def logger_conf() -> str:
    return section(
        "general", [("queue_log", "yes"), ("queue_log_to_file", "yes"), ("dateformat", "%F %T.%3q")]
    ) + section(
        "logfiles", [("messages.log", "notice,warning,error"), ("console", "warning,error")], arrow=True
    )


def cdr_conf() -> str:
    return section("general", [("enable", "no")])


def cel_conf() -> str:
    return section("general", [("enable", "yes"), ("events", _CEL_EVENTS)])


def cel_custom_conf() -> str:
    # A caller controls name, number, extension and peer, and JSON output does not escape control characters.
    fields = "EventType,eventenum,EventTime,UniqueID,LinkedID,ChanName,EventExtra"
    return section("hotline.json", [("format", "json"), ("fields", fields)])


def rtp_conf(settings: Settings) -> str:
    return section(
        "general",
        [
            ("rtpstart", settings.rtp_first),
            ("rtpend", settings.rtp_last),
            ("strictrtp", "yes"),
            ("icesupport", "no"),
        ],
    )


def musiconhold_conf(settings: Settings) -> str:
    every = section("default", [("mode", "files"), ("directory", str(settings.music_dir)), ("sort", "alpha")])
    # Music of queues is there when it has been made.
    return f'{every}#tryinclude "{value(str(settings.etc_dir / QUEUE_MUSIC))}"\n'


def empty_general() -> str:
    return section("general", [])


def indications_conf() -> str:
    tones = [
        ("description", "Norway"),
        ("ringcadence", "1000,4000"),
        ("dial", "425"),
        ("busy", "425/500,0/500"),
    ]
    tones += [("ring", "425/1000,0/4000"), ("congestion", "425/200,0/200")]
    return section("general", [("country", "no")]) + section("no", tones)


def pjproject_conf() -> str:
    return section("startup", [("log_level", 2)]) + section(
        "log_mappings", [("type", "log_mappings"), ("asterisk_error", "0,1"), ("asterisk_warning", "2")]
    )


def stasis_conf() -> str:
    # One message for each variable set on a channel; nobody reads them, and a call sets two dozen.
    return section("declined_message_types", [("decline", "ast_channel_varset_type")])
