"""Runs pydoclint and leaves out what this project does not ask of a docstring.

A docstring may be one sentence and a `Raises:` section: arguments and results that the types tell
need no section (DOC101, DOC103, DOC201, DOC301, DOC402, DOC404). `Raises:` also names what comes up
from below, and what a function of ours makes for a `raise`; pydoclint sees neither (DOC502, DOC503).
What is left is what is false: names that the signature does not have, a `Returns:` of nothing, a
`raise` that is not told.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

NOT_ASKED = {"DOC101", "DOC201", "DOC301", "DOC402", "DOC404", "DOC502", "DOC503"}
FINDING = re.compile(r"^ +\d+: (DOC\d+): ")


def is_false(line: str) -> bool:
    """Tell whether a line of pydoclint is about something false."""
    code = FINDING.match(line)
    if code is None or code[1] in NOT_ASKED:
        return False
    return code[1] != "DOC103" or "in the docstring but not in the function signature" in line


def main() -> int:
    """Print the lines that count under their files' names; 1 when there are any."""
    command = [str(Path(sys.executable).parent / "pydoclint"), "--quiet", *sys.argv[1:]]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603
    file, found = "", False
    for line in (done.stdout + done.stderr).splitlines():
        if line.endswith(".py"):
            file = line.strip()
        elif is_false(line):
            found = True
            sys.stdout.write(f"{file}: {line.strip()}\n")
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
