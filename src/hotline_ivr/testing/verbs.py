"""Runs verbs of the command line as processes of their own, forked from one that has the program loaded.

What a verb does, prints and returns is as by `python -m hotline_ivr`; only the second of processor time that
Python takes to load it is taken once, and not for each of many hundred verbs. Needs Unix sockets that
hand on files, and fork.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from typing import Final

import hotline_ivr

_MOST: Final = 1_048_576
"""Bytes of a request: arguments and environment."""
_STREAMS: Final = 3
_FAULT: Final = 70
_SERVER: Final = "from hotline_ivr.testing import verbs; verbs.serve()"
"""No module's own file: how verbs call themselves in what they say goes by it."""
_LEFT_OUT: Final = ("hotline_ivr.testing", "hotline_ivr.__main__", "hotline_ivr.store.migrations")

_starting = threading.Lock()
_loaded: list[tuple[subprocess.Popen[bytes], str]] = []


def run_verb(
    arguments: tuple[str, ...], variables: Mapping[str, str], deadline: float
) -> subprocess.CompletedProcess[str]:
    """Run `hotline` with `variables` as its whole environment and no standard input.

    Raises subprocess.TimeoutExpired after `deadline` seconds, when it has been killed.
    """
    with (
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as error,
        open(os.devnull, "rb") as nothing,  # noqa: PTH123 - a device
        socket.socket(socket.AF_UNIX) as link,
    ):
        link.connect(_address())
        request = json.dumps([arguments, dict(variables), os.getcwd()]).encode()  # noqa: PTH109 - a text
        files = [nothing.fileno(), output.fileno(), error.fileno()]
        socket.send_fds(link, [len(request).to_bytes(4, "big")], files)
        link.sendall(request)
        answers = link.makefile("rb")
        pid = int(answers.readline() or b"0")
        if not pid:
            raise RuntimeError("the process that verbs are forked from has ended")
        link.settimeout(deadline)
        try:
            code = int(answers.readline())
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(["hotline", *arguments], deadline) from None
        texts = []
        for file in (output, error):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(["hotline", *arguments], code, *texts)


def _address() -> str:
    """Where the process with the loaded program listens; it ends with ours."""
    with _starting:
        if not _loaded or _loaded[0][0].poll() is not None:
            address = f"\0hotline-verbs-{os.getpid()}-{random.getrandbits(64):x}"
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(address)
                listening.listen(64)
                process = subprocess.Popen(
                    [sys.executable, "-c", _SERVER, str(listening.fileno())],
                    stdin=subprocess.PIPE,
                    pass_fds=[listening.fileno()],
                )
            _loaded[:] = [(process, address)]
        return _loaded[0][1]


@atexit.register
def _end() -> None:
    for process, _ in _loaded:
        process.terminate()
        process.wait()


def serve() -> None:
    """Fork a process for each request to the socket that the argument names, until standard input ends."""
    listening = socket.socket(fileno=int(sys.argv[1]))
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([sys.stdin, listening], [], [])
        if sys.stdin in ready:
            return
        link, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _answer(link)
        link.close()


def _load() -> None:
    """All that verbs load when they need it, but for what opens threads."""

    for module in pkgutil.walk_packages(hotline_ivr.__path__, "hotline_ivr."):
        if not module.name.startswith(
            ("hotline_ivr.testing", "hotline_ivr.__main__", "hotline_ivr.store.migrations")
        ):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def _answer(link: socket.socket) -> None:
    """Read the request, run it in a process of its own, and tell that process's id and then its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, files, _, _ = socket.recv_fds(link, 4, _STREAMS)
    size = int.from_bytes(head, "big")
    request = b""
    while len(request) < size <= _MOST and (piece := link.recv(size - len(request))):
        request += piece
    verb = os.fork()
    if verb == 0:
        link.close()
        _run(files, *json.loads(request))
    link.sendall(b"%d\n" % verb)
    _, status = os.waitpid(verb, 0)
    with contextlib.suppress(OSError):
        link.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _run(files: list[int], arguments: list[str], variables: dict[str, str], folder: str) -> None:
    """Become the verb."""
    for stream, file in enumerate(files):
        os.dup2(file, stream)
        os.close(file)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    os.chdir(folder)
    random.seed()
    sys.argv = ["hotline", *arguments]
    code = _FAULT
    try:
        importlib.import_module("hotline_ivr.cli.main").main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does with what nobody catches
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()  # noqa: SLF001 - a forked process has no other way
        for said in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                said.flush()
        os._exit(code)
