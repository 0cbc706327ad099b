# SPDX-License-Identifier: GPL-3.0-only
"""The state of a bridge in the panel's words, one line each."""
from __future__ import annotations

from dwellmap_client import RecordingState

from .bridge import Bridge


def report(bridge: Bridge) -> list[str]:
    """images, analyzer, map on show, latency and atoms, recording, last command, warnings"""
    return [_images(bridge), _analyzer(bridge), _map(bridge), _numbers(bridge), _recording(bridge),
            bridge.commands.answer, " ".join(bridge.warnings)]


def _images(bridge: Bridge) -> str:
    sending = bridge.sending
    if not sending.bound:
        return "Images: not sent"
    heard = "received" if bridge.heard else "waiting for the analyzer" if sending.uuid else "no scan"
    return f"Images: {heard}, {sending.frames_sent} frames sent, {bridge.dropped} blocks dropped"


def _analyzer(bridge: Bridge) -> str:
    beat = bridge.receiving.heartbeat
    if not bridge.receiving.connected or beat is None:
        return "Analyzer: not connected"
    return f"Analyzer: connected, {beat.state.name}, {beat.version} on {beat.host}"


def _map(bridge: Bridge) -> str:
    frame = bridge.frame
    if frame is None:
        return "Map: none yet"
    part = "" if frame.complete else f", {frame.rows_valid} rows so far"
    return f"Map: frame {frame.number}{part}{'' if bridge.receiving.connected else ', not current'}"


def _numbers(bridge: Bridge) -> str:
    frame = bridge.frame
    if frame is None:
        return ""
    return f"{len(frame.atoms)} columns, {frame.statistics.latency_us / 1000:.1f} ms after the last row"


def _recording(bridge: Bridge) -> str:
    reply = bridge.commands.reply
    if reply is None or not bridge.receiving.connected:
        return "Recording: not known"
    r = reply.recording
    if r.state == RecordingState.off:
        return "Recording: off"
    text = f"{r.file}, {r.frames} frames, {r.bytes / (1 << 20):.1f} MiB, {r.seconds:.0f} s"
    dropped = f", {r.blocks_dropped} blocks dropped" if r.blocks_dropped else ""
    return f"Recording: {text}{dropped}" if r.state == RecordingState.recording else f"Recording failed: {r.error}"
