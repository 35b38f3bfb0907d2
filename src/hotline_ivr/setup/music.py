"""Music on hold: half a minute of soft chords with a slow melody, made of sine tones by sox.

No recording is shipped and no licence is needed. Every note begins and ends in silence, so the loop does not
click; all tones lie in the band that a telephone carries.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hotline_ivr.settings import Settings
from hotline_ivr.setup.audio import BACKGROUND, FORMATS, levelled, sox, write_formats
from hotline_ivr.setup.manifest import Manifest, fingerprint
from hotline_ivr.setup.tools import exclusive, make_folder

NAME = "hold"
BAR_S = 3.75
"""Length of one chord in seconds; eight make the loop of 30 s."""

# F - Dm - Bb - C, twice; MIDI note numbers. The melody goes higher in the second round.
_CHORDS = ((65, 69, 72, 77), (62, 65, 69, 74), (65, 70, 74, 77), (64, 67, 72, 76)) * 2
_MELODY = (
    *(89, 88, 84, 81), *(86, 84, 81, 77), *(82, 84, 86, 89), *(88, 86, 84, 79),
    *(89, 91, 93, 89), *(86, 89, 86, 81), *(82, 86, 89, 86), *(84, 88, 86, 84),
)  # fmt: skip
_LOCK_TIMEOUT = 60.0  # seconds; the making takes about one


def build_music(settings: Settings) -> bool:
    """Make `settings.music_dir`/hold.* unless it is there; whether it was made.

    Raises SetupError when sox is missing.
    """
    folder = settings.music_dir
    make_folder(folder)
    mark = fingerprint(str(BACKGROUND), *_chords(), *_melody())
    with exclusive(folder / ".lock", timeout=_LOCK_TIMEOUT, what=str(folder)):
        manifest = Manifest(folder)
        if manifest.holds(NAME, mark) and all((folder / f"{NAME}.{ending}").is_file() for ending in FORMATS):
            return False
        manifest.drop(NAME)
        with tempfile.TemporaryDirectory(prefix="hotline-music-") as work:
            write_formats(_play(Path(work)), folder / NAME)
        manifest.put(NAME, mark)
    return True


def frequency(note: int) -> float:
    """Hertz of a MIDI note number; 69 is 440 Hz."""
    return 440.0 * 2 ** ((note - 69) / 12)


def _play(work: Path) -> Path:
    chords, melody, mixed = (work / f"{name}.wav" for name in ("chords", "melody", "mixed"))
    sox("-n", "-r", "16000", "-c", "1", "-b", "32", chords, *_chords())
    sox("-n", "-r", "16000", "-c", "1", "-b", "32", melody, *_melody())
    sox("-m", "-v", "0.5", chords, "-v", "0.35", melody, "-b", "32", mixed, "lowpass", "2500")
    return levelled(mixed, work, BACKGROUND)


def _chords() -> list[str]:
    """sox's effects: each chord swells and dies away within its bar; `:` starts the next."""
    bars = []
    for chord in _CHORDS:
        tones = [word for note in chord for word in ("sine", f"{frequency(note):.3f}")]
        bars.append(["synth", f"{BAR_S}", *tones, "remix", "-", "fade", "q", "0.6", f"{BAR_S}", "1.2"])
    return _joined(bars)


def _melody() -> list[str]:
    beat = BAR_S * len(_CHORDS) / len(_MELODY)
    notes = []
    for note in _MELODY:
        tones = ["sine", f"{frequency(note):.3f}", "sine", f"{2 * frequency(note):.3f}"]
        notes.append(
            [
                "synth",
                f"{beat}",
                *tones,
                "remix",
                "1v0.8,2v0.2",
                "fade",
                "l",
                "0.03",
                f"{beat}",
                f"{beat * 0.8:.4f}",
            ]
        )
    return _joined(notes)


def _joined(parts: list[list[str]]) -> list[str]:
    words = list(parts[0])
    for part in parts[1:]:
        words += [":", *part]
    return words
