"""Tiny hand-made files of the media a ComfyUI saves: right magic bytes and headers, little inside.

FLAC, Opus, MP4, WebM and Matroska files hold their headers and no coded frames; MP3 is a run of
silent frames; GLB and .latent are whole. Knows no node.
"""

from __future__ import annotations

import json
import struct

from gateway.graph.json_value import Json
from gateway.simulator.values import Audio, Latent, Mesh, Video

__all__ = ["audio_file", "glb_file", "latent_file", "video_file"]

_MP3_FRAME = b"\xff\xfb\x90\x64" + bytes(413)
_MP3_SAMPLES = 1152
_NAMES = {"webm": b"webm", "mkv": b"matroska"}


def audio_file(audio: Audio, form: str) -> bytes:
    """Return a `flac`, `mp3` or `opus` file; what was loaded is written as it came."""
    if audio.source:
        return audio.source
    match form:
        case "mp3":
            frames = max(1, round(audio.seconds * audio.rate / _MP3_SAMPLES))
            return _MP3_FRAME * frames
        case "opus":
            return _opus(audio)
        case _:
            return _flac(audio)


def _flac(audio: Audio) -> bytes:
    """Marker and STREAMINFO: 20 bits of rate, 3 of channels, 5 of depth, 36 of samples."""
    samples = round(audio.seconds * audio.rate)
    packed = audio.rate << 44 | (audio.channels - 1) << 41 | 15 << 36 | samples
    sizes = struct.pack(">HH", 4096, 4096) + bytes(6)
    info = sizes + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + b"\x80" + len(info).to_bytes(3, "big") + info


def _opus(audio: Audio) -> bytes:
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, audio.channels, 312, audio.rate, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 9) + b"simulated" + struct.pack("<I", 0)
    return _ogg_page(head, 0, 2) + _ogg_page(tags, 1, 4)


def _ogg_page(packet: bytes, number: int, flags: int) -> bytes:
    header = struct.pack("<4sBBqIII", b"OggS", 0, flags, 0, 1, number, 0)
    return header + bytes([1, len(packet)]) + packet


def video_file(video: Video, form: str) -> bytes:
    """Return an `mp4`, `webm` or `mkv` file; what was loaded is written as it came."""
    if video.source:
        return video.source
    return _mp4(video) if form == "mp4" else _ebml(_NAMES[form])


def _mp4(video: Video) -> bytes:
    """File type, a movie header with the length, and an empty media box."""
    length = round(1000 * len(video.images) / video.fps)
    times = struct.pack(">IIIII", 0, 0, 0, 1000, length)
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    rest = struct.pack(">IH10x", 0x10000, 0x100) + matrix + bytes(24) + struct.pack(">I", 1)
    kind = _box(b"ftyp", b"isom" + struct.pack(">I", 512) + b"isomiso2avc1mp41")
    return kind + _box(b"moov", _box(b"mvhd", times + rest)) + _box(b"mdat", b"simulated")


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def _ebml(name: bytes) -> bytes:
    """An EBML header with the document's type, and an empty segment of unknown length."""
    fields = bytes.fromhex("4286810142f7810142f2810442f38108")
    fields += b"\x42\x82" + bytes([0x80 | len(name)]) + name + bytes.fromhex("4287810442858102")
    header = b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(fields)]) + fields
    return header + bytes.fromhex("1853806701ffffffffffffff")


def glb_file(mesh: Mesh) -> bytes:
    """Return a binary glTF of one triangle."""
    corners = struct.pack("<9f", 0, 0, 0, mesh.size, 0, 0, 0, mesh.size, 0)
    scene: Json = {
        "asset": {"version": "2.0", "generator": "simulated"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "buffers": [{"byteLength": len(corners)}],
        "bufferViews": [{"buffer": 0, "byteLength": len(corners)}],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": 3,
                "type": "VEC3",
                "min": [0, 0, 0],
                "max": [mesh.size, mesh.size, 0],
            }
        ],
    }
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    chunks = _chunk(b"JSON", text) + _chunk(b"BIN\x00", corners)
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<I", len(content)) + name + content


def latent_file(latent: Latent) -> bytes:
    """Return a safetensors file with one tensor of zeros in the latent's shape."""
    shape: list[Json] = [latent.batch, 4, latent.height // 8, latent.width // 8]
    size = 4 * latent.batch * 4 * (latent.height // 8) * (latent.width // 8)
    tensor: Json = {"dtype": "F32", "shape": shape, "data_offsets": [0, size]}
    header = json.dumps({"__metadata__": {"simulated": "1"}, "latent_tensor": tensor}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(size)
