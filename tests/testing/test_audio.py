"""Recognising what a caller heard, and above all: not recognising what it did not hear."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from hotline_ivr.testing.audio import (
    Audio,
    Samples,
    is_silent,
    level_dbfs,
    recognise,
    tone,
    tone_share,
)

RATE = 8000


def spoken(seed: int, seconds: float = 3.0, rate: int = RATE) -> Audio:
    """Something like speech: syllables of a buzzing pitch with moving formants, and pauses between them."""
    random = np.random.default_rng(seed)
    parts: list[Samples] = []
    length = 0
    while length < seconds * rate:
        count = int(random.uniform(0.12, 0.3) * rate)
        time = np.arange(count) / rate
        pitch = random.uniform(90, 140) * (1 + 0.1 * time / time[-1])
        phase = 2 * np.pi * np.cumsum(pitch) / rate
        strength = random.uniform(0.1, 1, 24) * np.exp(-np.arange(24) / 10)
        voice = sum(strength[k] * np.sin((k + 1) * phase) for k in range(24))
        envelope = np.sin(np.pi * np.arange(count) / count)
        parts += [voice * envelope, np.zeros(int(random.uniform(0.02, 0.15) * rate))]
        length += len(parts[-2]) + len(parts[-1])
    samples = np.concatenate(parts)[: int(seconds * rate)]
    return Audio(0.5 * samples / np.max(np.abs(samples)), rate)


def through_g711(audio: Audio, law: str) -> Audio:
    """Through the companding curve of A-law or u-law, eight bits deep."""
    x = audio.samples
    if law == "ulaw":
        bent = np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256)
        bent = np.round(bent * 127) / 127
        return Audio(np.sign(bent) * (256 ** np.abs(bent) - 1) / 255, audio.rate)
    a, scale = 87.6, 1 + np.log(87.6)
    size = np.abs(x)
    bent = np.where(size < 1 / a, a * size / scale, (1 + np.log(np.maximum(a * size, 1e-9))) / scale)
    bent = np.round(bent * 127) / 127
    flat = np.where(bent < 1 / scale, bent * scale / a, np.exp(bent * scale - 1) / a)
    return Audio(np.sign(x) * flat, audio.rate)


def joined(*parts: Audio) -> Audio:
    return Audio(np.concatenate([part.samples for part in parts]), parts[0].rate)


def silence(seconds: float) -> Audio:
    return Audio(np.zeros(int(seconds * RATE)), RATE)


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_a_prompt_is_recognised_through_a_codec_after_silence_and_at_another_level(law: str) -> None:
    prompt = spoken(1)
    heard = joined(silence(0.73), through_g711(Audio(prompt.samples * 0.25, RATE), law), silence(1))
    match = recognise(heard, prompt)
    assert match.recognised
    assert match.score > 0.95
    assert match.offset_s == pytest.approx(0.73, abs=0.002)
    assert match.heard_s == pytest.approx(prompt.seconds, abs=0.21)


def test_another_prompt_in_the_same_voice_scores_low() -> None:
    others = [joined(silence(0.5), spoken(seed), silence(0.5)) for seed in range(2, 12)]
    scores = [recognise(other, spoken(1)).score for other in others]
    assert max(scores) < 0.5


def test_neither_silence_nor_noise_nor_music_is_taken_for_a_prompt() -> None:
    noise = Audio(np.random.default_rng(0).normal(0, 0.1, 5 * RATE), RATE)
    chord = Audio(tone(440, 5).samples + tone(660, 5).samples, RATE)
    for other in (silence(5), noise, chord):
        match = recognise(other, spoken(1))
        assert match.score < 0.4
        assert match.heard_s == 0


def test_a_prompt_cut_off_by_the_caller_tells_how_much_was_heard() -> None:
    prompt = spoken(3, 4.0)
    match = recognise(joined(silence(0.3), prompt.part(0, 1.5)), prompt)
    assert match.recognised
    assert match.heard_s == pytest.approx(1.5, abs=0.21)


def test_a_prompt_followed_by_music_is_heard_to_its_end_only() -> None:
    prompt = spoken(4, 2.0)
    match = recognise(joined(prompt, tone(523, 3)), prompt)
    assert match.recognised
    assert match.heard_s == pytest.approx(2.0, abs=0.21)


def test_a_prompt_with_a_lost_packet_is_recognised_and_heard_to_its_end() -> None:
    prompt = spoken(8, 4.0)
    heard = joined(silence(0.1), prompt.part(0, 1.3), prompt.part(1.32, 2.6), prompt.part(2.66), silence(0.5))
    match = recognise(heard, prompt)
    assert match.score > 0.75
    assert match.heard_s == pytest.approx(4.0, abs=0.41)


def test_a_prompt_whose_head_was_missed_has_a_negative_offset() -> None:
    prompt = spoken(5, 3.0)
    match = recognise(joined(prompt.part(0.4), silence(1)), prompt)
    assert match.recognised
    assert match.offset_s == pytest.approx(-0.4, abs=0.002)


def test_a_16_khz_prompt_is_recognised_in_8_khz_audio() -> None:
    wide = spoken(6, 2.0, rate=16_000)
    match = recognise(joined(silence(0.2), wide.at_rate(RATE)), wide)
    assert match.score > 0.98
    assert match.offset_s == pytest.approx(0.2, abs=0.002)


def test_too_little_sound_is_no_recognition() -> None:
    assert recognise(spoken(1).part(0, 0.1), spoken(1)).score == 0.0
    assert recognise(Audio.from_pcm(b"", RATE), spoken(1)).score == 0.0


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_a_tone_is_told_from_its_neighbours_through_a_codec(law: str) -> None:
    heard = through_g711(tone(941, 0.5), law)
    assert tone_share(heard, 941) > 0.95
    assert tone_share(heard, 852) < 0.05
    assert tone_share(silence(0.5), 941) == 0.0
    assert tone_share(spoken(1), 941) < 0.3


def test_levels_are_against_full_scale() -> None:
    assert level_dbfs(tone(1000, 1, level=1.0)) == pytest.approx(-3.01, abs=0.05)
    assert level_dbfs(silence(1)) == -120
    assert is_silent(tone(1000, 1, level=0.001))
    assert not is_silent(tone(1000, 1, level=0.01))


def test_pcm_goes_there_and_back_and_an_odd_byte_is_left_out() -> None:
    prompt = spoken(7, 0.5)
    again = Audio.from_pcm(prompt.pcm() + b"\x7f", RATE)
    assert np.allclose(again.samples, prompt.samples, atol=1 / 32768)


def test_a_wav_file_is_read_and_stereo_is_refused(tmp_path: Path) -> None:
    for channels in (1, 2):
        with wave.open(str(tmp_path / f"{channels}.wav"), "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(tone(500, 0.25 * channels).pcm())
    assert Audio.from_wav(tmp_path / "1.wav").seconds == 0.25
    with pytest.raises(ValueError, match="not 16-bit mono"):
        Audio.from_wav(tmp_path / "2.wav")
