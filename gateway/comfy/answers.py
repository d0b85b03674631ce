"""What a ComfyUI's HTTP answers mean when they are not what was asked for.

Knows no HTTP library: an answer is a value. Between us and a ComfyUI there may be a login page, a
proxy, or another program altogether, and whoever runs it shall read which.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.errors import BackendAnsweredOddly, BackendError, BackendRefused, BackendUnreachable
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.services.model import BackendDeclaration
from gateway.wire.clean import clean_line

__all__ = ["Answer", "is_html", "is_unrouted", "json_of", "odd", "unwanted"]

_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.DOTALL | re.IGNORECASE)
_READ = 4096
_EXCERPT = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end.

    Attributes:
        asked: The call, such as `GET /queue`, without its query.
        location: Where a redirect leads, or empty.
    """

    asked: str
    status: int
    content_type: str
    body: bytes
    location: str = ""


def json_of(backend: BackendDeclaration, answer: Answer) -> Json:
    """Return the JSON of an answer whose status is the wanted one; else raise `BackendAnsweredOddly`.

    ComfyUI's JSON may hold bare NaN and Infinity.
    """
    if not is_html(answer):
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            pass
    raise odd(backend, answer)


def is_html(answer: Answer) -> bool:
    """Tell whether an answer is a web page, by its type or its beginning."""
    head = answer.body[:64].lstrip().lower()
    return "html" in answer.content_type or head.startswith((b"<!doctype html", b"<html"))


def is_unrouted(answer: Answer) -> bool:
    """Tell whether a server does not have the route, as opposed to not having the thing asked for.

    ComfyUI answers an unknown path with 404 and an empty body, a known path with an unknown method
    with 405 and text; an unknown thing with 404 and `{"error": …}`. A proxy may have a JSON of its
    own for unknown paths: taken for "no such prompt", it would have a run submitted twice.
    """
    if answer.status not in {404, 405} or is_html(answer):
        return False
    return answer.status == 405 or "error" not in _object_of(answer)


def unwanted(backend: BackendDeclaration, answer: Answer) -> BackendError:
    """Return the error for an answer whose status is not the wanted one."""
    match answer.status:
        case 401 | 403 | 407:
            return _not_let_in(backend, answer)
        case 413:
            return _too_large(backend, answer)
        case 429:
            return BackendRefused(
                f"Backend {backend.name} gets too many requests for its taste ({answer.asked}).",
                code="backend-rate-limited",
                where=backend.name,
                found=str(answer.status),
                mend="ComfyUI itself has no such limit: raise that of the proxy before it.",
            )
        case 502 | 503 | 504:
            return BackendUnreachable(
                f"Backend {backend.name}: a proxy at {backend.url} answers, and ComfyUI behind it "
                f"does not ({answer.status}).",
                code="backend-behind-proxy-unreachable",
                where=backend.name,
                found=_excerpt(answer),
                mend="Start ComfyUI behind the proxy.",
            )
        case _:
            return odd(backend, answer)


def odd(backend: BackendDeclaration, answer: Answer) -> BackendAnsweredOddly:
    """Return the error for an answer that no ComfyUI gives, or only one in trouble."""
    oddity = _oddity(backend, answer)
    excerpt = _excerpt(answer)
    quoted = f' ("{excerpt}")' if excerpt else ""
    return BackendAnsweredOddly(
        f"Backend {backend.name}: {answer.asked} {oddity.sentence}{quoted}.",
        code=oddity.code,
        where=backend.name,
        found=excerpt,
        mend=oddity.mend,
    )


@dataclass(frozen=True, slots=True)
class _Oddity:
    code: str
    sentence: str
    mend: str


def _oddity(backend: BackendDeclaration, answer: Answer) -> _Oddity:
    status = answer.status
    if 300 <= status < 400:
        return _Oddity(
            code="backend-redirects",
            sentence=f"leads elsewhere ({status}, to {_origin(answer.location)})",
            mend="Redirects are not followed, since credentials would go along: write the final "
            "address as the backend's url.",
        )
    if is_html(answer):
        return _Oddity(
            code="backend-answered-html",
            sentence=f"answered a web page ({status})",
            mend=f"Is {backend.url} ComfyUI's own address, its base path included? A login page "
            "wants the backend's `headers`; another program may use that port.",
        )
    if status >= 500:
        return _Oddity(
            code="backend-failed-inside",
            sentence=f"made ComfyUI fail ({status})",
            mend="ComfyUI's log says why.",
        )
    if status in {404, 405}:
        return _Oddity(
            code="backend-route-missing",
            sentence=f"is nothing that this server knows ({status})",
            mend=f"Is {backend.url} a ComfyUI, and its base path right?",
        )
    return _Oddity(
        code="backend-answered-oddly",
        sentence=f"answered what no ComfyUI answers ({status}, {answer.content_type or 'no type'})",
        mend=f"Is {backend.url} a ComfyUI, and its base path right?",
    )


def _not_let_in(backend: BackendDeclaration, answer: Answer) -> BackendRefused:
    sent = "the backend's headers" if backend.headers else "a request without credentials"
    return BackendRefused(
        f"Backend {backend.name} does not let us in: {answer.asked} is answered with "
        f"{answer.status} to {sent}.",
        code="backend-credentials",
        where=backend.name,
        found=_excerpt(answer),
        mend="ComfyUI itself asks for none: set what the proxy before it wants as the backend's "
        "`headers`, and look whether its variables are set.",
    )


def _too_large(backend: BackendDeclaration, answer: Answer) -> BackendRefused:
    return BackendRefused(
        f"Backend {backend.name} takes no request as large as this {answer.asked}.",
        code="backend-too-large",
        where=backend.name,
        found=_excerpt(answer),
        mend="Start ComfyUI with a larger --max-upload-size (100 MiB otherwise), and raise the "
        "body limit of a proxy before it.",
    )


def _object_of(answer: Answer) -> JsonObject:
    try:
        return as_object(json.loads(answer.body)) or {}
    except (ValueError, RecursionError):
        return {}


def _excerpt(answer: Answer) -> str:
    text = answer.body[:_READ].decode("utf-8", "replace")
    if is_html(answer):
        title = _TITLE.search(text)
        text = title[1] if title else _TAG.sub(" ", text)
    return clean_line(" ".join(text.split())[: 2 * _EXCERPT], _EXCERPT)


def _origin(location: str) -> str:
    parts = urlsplit(location)
    # The path of a login page may carry tokens.
    return clean_line(f"{parts.scheme}://{parts.netloc}" if parts.netloc else "the same host")
