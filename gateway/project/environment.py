"""The environment, read once: the variables for `${NAME}`, and the callers' keys."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.errors import Finding

__all__ = ["KEYS_VARIABLE", "Keys", "NotedVariables", "read_environment", "read_keys"]

KEYS_VARIABLE = "GATEWAY_API_KEYS"

# The caller without a key: stdio and the command line. A key of this name would see their jobs.
_RESERVED = "local"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_KEY = re.compile(r"[!-~]+")
_SHORTEST = 16


@dataclass(frozen=True, slots=True)
class Keys:
    """What `GATEWAY_API_KEYS` says: name → key; a key is never shown."""

    keys: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    findings: tuple[Finding, ...] = ()


class NotedVariables(Mapping[str, str]):
    """Variables, and which of them a load has asked for, whether they are set or not."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        self.asked.update(self._variables)
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


def read_environment() -> dict[str, str]:
    """Return the process's environment as it is now."""
    return dict(os.environ)


def read_keys(environment: Mapping[str, str]) -> Keys:
    """Read `GATEWAY_API_KEYS`: `name:key` pairs with commas between them.

    No finding holds a key or a part of one; entries are told by their number, from 1.
    """
    keys: dict[str, str] = {}
    findings: list[Finding] = []
    for number, entry in enumerate(environment.get(KEYS_VARIABLE, "").split(","), 1):
        name, colon, key = (part.strip() for part in entry.strip().partition(":"))
        if not name and not colon:
            continue  # a comma at the end, or nothing set at all
        fault = _fault_of(name, key, keys) if colon else "it has no colon between name and key"
        if fault:
            findings.append(_refuse(number, fault))
        else:
            keys[name] = key
            findings.extend(_weakness(number, name, key))
    return Keys(keys, tuple(findings))


def _fault_of(name: str, key: str, keys: Mapping[str, str]) -> str:
    faults = {
        "its name is not 1 to 40 letters, digits, `_`, `-` or `.`, with a letter first": (
            not _NAME.fullmatch(name)
        ),
        f"the name `{_RESERVED}` is the caller without a key": name == _RESERVED,
        f"the name `{name}` stands there twice": name in keys,
        f"`{name}` has an empty key": not key,
        f"the key of `{name}` holds a space or a character outside ASCII": not _KEY.fullmatch(key),
        f"`{name}` has the same key as another name": key in keys.values(),
    }
    return next((fault for fault, there in faults.items() if there), "")


def _refuse(number: int, fault: str) -> Finding:
    return Finding(
        code="api-keys-invalid",
        message=f"{KEYS_VARIABLE}: entry {number} is not usable: {fault}",
        mend=f"Write {KEYS_VARIABLE} as name:key,name:key.",
    )


def _weakness(number: int, name: str, key: str) -> tuple[Finding, ...]:
    if len(key) >= _SHORTEST:
        return ()
    return (
        Finding(
            code="api-key-short",
            message=f"{KEYS_VARIABLE}: the key of `{name}` (entry {number}) is short enough to be guessed",
            severity="warning",
            mend=f"Use at least {_SHORTEST} characters, such as `openssl rand -hex 24` prints.",
        ),
    )
