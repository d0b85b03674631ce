"""One readable text file for each snapshot."""

from __future__ import annotations

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class TextSnapshot(SingleFileSnapshotExtension):
    """Keeps the text as it is."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT
