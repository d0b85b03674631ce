"""`name=value` words as arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.given import named_files, read_words
from gateway.errors import GatewayError
from gateway.graph.json_value import Json, JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "prompt": {"type": "string"},
        "steps": {"type": "integer"},
        "cfg": {"type": "number"},
        "tiled": {"type": "boolean"},
        "colours": {"type": "array"},
        "size": {"enum": ["512", 512, "wide"]},
        "image": {"type": "string"},
        "styles": {"anyOf": [{"type": "string"}, {"type": "array"}]},
        "sizes": {"anyOf": [{"type": "integer"}, {"type": "array"}]},
        "photos": {"anyOf": [{"type": "string"}, {"type": "array"}]},
    },
}
FILES = frozenset({"image", "photos"})


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("prompt=a red fox", "a red fox"),
        ("prompt=12", "12"),
        ("prompt=", ""),
        ("prompt=a=b", "a=b"),
        ("prompt=@@home", "@home"),
        ("steps=20", 20),
        ("steps=null", None),
        ("steps=twenty", "twenty"),
        ("cfg=6.5", 6.5),
        ("tiled=true", True),
        ("colours=[1, 2]", [1, 2]),
        ("size=512", "512"),
        ("size=768", 768),
        ("image=https://example.com/a.png", "https://example.com/a.png"),
        ("image=data:image/png;base64,AAAA", "data:image/png;base64,AAAA"),
    ],
)
def test_a_value_is_read_as_its_parameter_wants(word: str, value: Json) -> None:
    (read,) = read_words([word], SCHEMA, FILES).values()
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["styles=oil"], "oil"),
        (["styles=oil", "styles=ink"], ["oil", "ink"]),
        (['styles=["oil", "ink, soft"]'], ["oil", "ink, soft"]),
        (['styles=["oil"]', "styles=ink", "styles=lino"], ["oil", "ink", "lino"]),
        (["styles=[oil]"], "[oil]"),
        (["styles=[]"], "[]"),
        (["styles=[1, 2]"], ["1", "2"]),
        (["sizes=[512, 768]"], [512, 768]),
        (["sizes=512", "sizes=null"], [512, None]),
        (["sizes=null", "sizes=512"], [None, 512]),
        (["photos=https://a/b.png", "photos=data:,x"], ["https://a/b.png", "data:,x"]),
    ],
)
def test_a_parameter_that_takes_several_values_is_given_a_list_or_again(
    words: list[str], value: Json
) -> None:
    (read,) = read_words(words, SCHEMA, FILES).values()
    assert read == value


def test_files_of_a_list_are_absolute_paths_that_may_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png"):
        Path(name).write_bytes(b"")
    wanted = [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    for words in (["photos=a.png", "photos=@b.png"], ['photos=["a.png", "b.png"]']):
        arguments = read_words(words, SCHEMA, FILES)
        assert arguments == {"photos": wanted}
        assert [str(each) for each in named_files(arguments, FILES)] == wanted


def test_the_last_word_for_a_parameter_holds() -> None:
    assert read_words(["steps=1", "steps=2"], SCHEMA, FILES) == {"steps": 2}


def test_a_file_becomes_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(b"")
    there = str((tmp_path / "a.png").resolve())
    for word in ("image=@a.png", "image=a.png", f"image={there}"):
        arguments = read_words([word], SCHEMA, FILES)
        assert arguments == {"image": there}
        assert named_files(arguments, FILES) == (Path(there),)


def test_references_that_are_no_files_name_none() -> None:
    assert named_files({"image": "https://example.com/a.png", "prompt": "/etc"}, FILES) == ()


def test_a_text_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text("a red fox\n", encoding="utf-8")
    words = [f"prompt=@{tmp_path}/prompt.txt"]
    assert read_words(words, SCHEMA, FILES) == {"prompt": "a red fox"}


@pytest.mark.parametrize(
    ("word", "said", "mend"),
    [
        ("a red fox", "'a red fox' is not name=value", "Write for example: prompt='a red fox'."),
        ("stepz=1", "there is no parameter 'stepz'", "Did you mean steps?"),
        ("zzzzzz=1", "there is no parameter 'zzzzzz'", "It has: prompt, steps, cfg"),
        ("image=@gone.png", "image: there is no file gone.png", "Check the path."),
        ("prompt=@gone.txt", "prompt: gone.txt cannot be read as text", "Check the path."),
    ],
)
def test_a_wrong_word_is_told_with_its_mend(word: str, said: str, mend: str) -> None:
    with pytest.raises(GatewayError) as caught:
        read_words([word], SCHEMA, FILES)
    assert caught.value.code == "wrong-use"
    assert caught.value.message == said
    assert caught.value.mend.startswith(mend)
