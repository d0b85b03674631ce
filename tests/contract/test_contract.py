"""What any ComfyUI must do for us: what the executor builds on, asked of each in the same words."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from gateway.errors import OutputMissing, PromptRejected
from gateway.graph.json_value import Json
from gateway.graph.object_info import parse_definitions
from gateway.jobs.backend import Finished, Pending, Running, Submission, Unknown
from gateway.wire.history import HistoryEntry, Interrupted, NodeFailure, Succeeded
from gateway.wire.messages import Status
from gateway.wire.outputs import FileReference, LeftText, items_of
from tests.contract.serving import (
    Served,
    bytes_of,
    files_of,
    fresh_id,
    image_graph,
    in_chunks,
    node,
    until,
    upload_of,
)

pytestmark = pytest.mark.timeout(90)


async def test_it_says_how_it_is(server: Served) -> None:
    health = await server.backend.health()
    assert health.reachable
    assert health.error == ""
    assert health.version is not None
    assert health.version.startswith("0.")
    assert health.queue_remaining is not None
    assert health.device is not None
    assert health.vram_total is not None
    assert health.latency_ms is not None


async def test_a_run_is_told_from_its_start_to_its_end_mark(server: Served) -> None:
    run = await server.run(image_graph())
    assert run.ending == Succeeded()
    assert run.started_at is not None
    assert set(run.times) == {"image", "save"}
    assert all(
        each.started_at is not None and each.ended_at is not None for each in run.times.values()
    )


async def test_history_is_there_when_the_end_mark_comes_and_tells_the_same(server: Served) -> None:
    run = await server.run(image_graph())
    assert await server.backend.whereabouts(run.prompt_id) == Finished(
        HistoryEntry(run.prompt_id, Succeeded(), run.outputs)
    )


async def test_every_image_of_a_batch_is_there_to_be_fetched(server: Served) -> None:
    run = await server.run(image_graph(side=32, count=3))
    files = files_of(run, "save")
    assert len(set(files)) == 3
    for file in files:
        assert file.type == "output"
        assert Image.open(io.BytesIO(await bytes_of(server, file))).size == (32, 32)


async def test_a_preview_is_a_temporary_file_that_can_be_fetched(server: Served) -> None:
    graph = image_graph()
    graph["save"] = node("PreviewImage", images=["image", 0])
    (file,) = files_of(await server.run(graph), "save")
    assert file.type == "temp"
    assert (await bytes_of(server, file)).startswith(b"\x89PNG")


async def test_an_unchanged_graph_is_answered_from_the_cache_with_the_old_files(
    server: Served,
) -> None:
    graph = image_graph()
    first = await server.run(graph)
    second = await server.run(graph)
    assert (first.cached, set(second.cached)) == ((), {"image", "save"})
    assert second.outputs == first.outputs
    assert second.ending == Succeeded()


async def test_an_unknown_extra_input_makes_a_node_run_again(server: Served) -> None:
    graph = image_graph()
    first = await server.run(graph)
    graph["save"] = node(
        "SaveImage", images=["image", 0], filename_prefix="contract/again", gateway_run=fresh_id()
    )
    second = await server.run(graph)
    graph["save"] = node(
        "SaveImage", images=["image", 0], filename_prefix="contract/again", gateway_run=fresh_id()
    )
    third = await server.run(graph)
    assert (second.cached, third.cached) == (("image",), ("image",))
    assert first.outputs != second.outputs != third.outputs


async def test_texts_are_outputs_and_a_long_one_does_not_break_the_connection(
    server: Served,
) -> None:
    long = "word " * 700_000
    graph: dict[str, Json] = {
        "text": node("PrimitiveStringMultiline", value=long + fresh_id()),
        "show": node("PreviewAny", source=["text", 0]),
    }
    (item,) = items_of((await server.run(graph)).outputs)
    assert isinstance(item, LeftText)
    assert item.text.startswith("word word")


async def test_messages_of_another_prompt_do_not_come(server: Served) -> None:
    mine, other = fresh_id(), fresh_id()
    async with server.backend.follow(mine) as following, server.backend.follow(other):
        for prompt_id in (other, mine):
            await server.backend.submit(Submission(prompt_id, image_graph(), {}))
        named: set[str | None] = set()
        async with asyncio.timeout(server.seconds):
            while getattr(message := await following.next(), "node", "") is not None:
                if not isinstance(message, Status):
                    named.add(getattr(message, "prompt_id", None))
    assert named == {mine}


async def test_many_prompts_at_once_all_come_to_their_ends(server: Served) -> None:
    runs = await asyncio.gather(*(server.run(image_graph(side=16)) for _ in range(20)))
    assert {run.ending for run in runs} == {Succeeded()}
    assert len({file for run in runs for file in files_of(run, "save")}) == 20


# --- refused --------------------------------------------------------------------------------------


async def refused(server: Served, graph: dict[str, Json]) -> PromptRejected:
    """Return why a graph is refused; nothing of it is queued."""
    prompt_id = fresh_id()
    async with server.backend.follow(prompt_id):
        with pytest.raises(PromptRejected) as caught:
            await server.backend.submit(Submission(prompt_id, graph, {}))
    assert await server.backend.whereabouts(prompt_id) == Unknown()
    return caught.value


async def test_a_class_it_does_not_have_is_named(server: Served) -> None:
    graph = image_graph()
    graph["odd"] = node("NoSuchNodeAnywhere")
    error = await refused(server, graph)
    assert error.code == "node-class-missing"
    assert error.found == "NoSuchNodeAnywhere"
    assert error.where == "node odd (NoSuchNodeAnywhere)"


async def test_a_graph_without_output_is_refused(server: Served) -> None:
    graph = image_graph()
    del graph["save"]
    assert (await refused(server, graph)).code == "graph-without-output"


@pytest.mark.parametrize(
    ("inputs", "kind", "sentence"),
    [
        ({"width": 0}, "value_smaller_than_min", "width: value 0 smaller than min of 1"),
        (
            {"width": 10**6},
            "value_bigger_than_max",
            "width: value 1000000 bigger than max of 16384",
        ),
        ({"width": "wide"}, "invalid_input_type", "width is wide, which is no INT"),
        ({"width": [1, 2, 3]}, "bad_linked_input", "width holds a list that is no link"),
    ],
)
async def test_a_wrong_value_is_named_with_its_node(
    server: Served, inputs: dict[str, Json], kind: str, sentence: str
) -> None:
    graph = image_graph()
    graph["image"] = node(
        "EmptyImage", **{"width": 8, "height": 8, "batch_size": 1, "color": 0, **inputs}
    )
    error = await refused(server, graph)
    assert error.message == f"ComfyUI refused the graph: node image (EmptyImage): {sentence}."
    assert [fault.type for fault in error.node_errors["image"].faults] == [kind]


async def test_a_missing_input_is_named(server: Served) -> None:
    graph = image_graph()
    graph["image"] = node("EmptyImage", height=8, batch_size=1, color=0)
    error = await refused(server, graph)
    assert error.message == "ComfyUI refused the graph: node image (EmptyImage): width is missing."


async def test_a_value_that_is_not_listed_is_told_with_those_that_are(server: Served) -> None:
    graph = image_graph()
    graph["scale"] = node(
        "ImageScale",
        image=["image", 0],
        upscale_method="area",
        width=8,
        height=8,
        crop="diagonal",
    )
    graph["save"] = node("SaveImage", images=["scale", 0], filename_prefix="contract")
    error = await refused(server, graph)
    assert error.mend == "Choose one of: 'disabled', 'center'."


async def test_an_image_that_is_not_there_is_refused_by_its_node(server: Served) -> None:
    graph = image_graph()
    graph["image"] = node("LoadImage", image="gateway/not-there.png")
    error = await refused(server, graph)
    assert error.message == (
        "ComfyUI refused the graph: node image (LoadImage): "
        "image: Invalid image file: gateway/not-there.png."
    )


async def test_nodes_linked_in_a_circle_are_refused(server: Served) -> None:
    graph: dict[str, Json] = {
        "a": node("ImageInvert", image=["b", 0]),
        "b": node("ImageInvert", image=["a", 0]),
        "save": node("SaveImage", images=["a", 0], filename_prefix="contract"),
    }
    error = await refused(server, graph)
    assert error.code == "prompt-rejected"
    assert "circle" in f"{error.message} {error.mend}"


async def test_a_graph_is_taken_in_part_and_the_rest_is_told(server: Served) -> None:
    graph = image_graph()
    graph["odd"] = node("ImageScaleBy", image=["image", 0], upscale_method="area", scale_by=99)
    graph["bad"] = node("SaveImage", images=["odd", 0], filename_prefix="contract")
    prompt_id = fresh_id()
    async with server.backend.follow(prompt_id) as following:
        accepted = await server.backend.submit(Submission(prompt_id, graph, {}))
        assert set(accepted.node_errors) == {"odd"}
        assert accepted.node_errors["odd"].class_type == "ImageScaleBy"
        run = await server.ended(following, prompt_id)
    assert set(run.outputs) == {"save"}


# --- failed ---------------------------------------------------------------------------------------


async def test_a_node_that_fails_is_named_and_what_was_saved_before_is_kept(
    server: Served,
) -> None:
    graph = image_graph()
    # Saving outside of the output folder is refused by the node itself, when it runs.
    graph["bad"] = node("SaveImage", images=["inverted", 0], filename_prefix="../../outside")
    graph["inverted"] = node("ImageInvert", image=["loaded", 0])
    graph["loaded"] = node("ImageBatch", image1=["image", 0], image2=["image", 0])
    run = await server.run(graph)
    assert isinstance(run.ending, NodeFailure)
    assert (run.ending.node_id, run.ending.class_type) == ("bad", "SaveImage")
    assert run.ending.message
    entry = await server.entry(run.prompt_id)
    assert (entry.ending, entry.outputs) == (run.ending, run.outputs)


# --- queue and cancel -----------------------------------------------------------------------------


async def test_a_prompt_is_found_running_and_waiting_and_both_can_be_stopped_alone(
    server: Served,
) -> None:
    backend = server.backend
    first, second, third = fresh_id(), fresh_id(), fresh_id()
    async with backend.follow(first) as following, backend.follow(third) as last:
        await backend.submit(Submission(first, server.slow_graph(), {}))
        await until(server, first, Running)
        for prompt_id in (second, third):
            await backend.submit(Submission(prompt_id, image_graph(), {}))
        assert await backend.whereabouts(second) == Pending(1)
        assert await backend.whereabouts(third) == Pending(2)
        await backend.cancel(second)
        assert await backend.whereabouts(second) == Unknown()
        assert await backend.whereabouts(first) == Running()
        await backend.cancel(first)
        run = await server.ended(following, first)
        assert isinstance(run.ending, Interrupted)
        assert isinstance((await server.entry(first)).ending, Interrupted)
        assert (await server.ended(last, third)).ending == Succeeded()


async def test_stopping_what_is_over_or_unknown_stops_nothing_else(server: Served) -> None:
    backend = server.backend
    over = (await server.run(image_graph())).prompt_id
    running = fresh_id()
    async with backend.follow(running) as following:
        await backend.submit(Submission(running, server.slow_graph(), {}))
        await until(server, running, Running)
        await backend.cancel(over)
        await backend.cancel(fresh_id())
        assert await backend.whereabouts(running) == Running()
        await backend.cancel(running)
        assert isinstance((await server.ended(following, running)).ending, Interrupted)


async def test_a_prompt_it_never_saw_is_unknown(server: Served) -> None:
    assert await server.backend.whereabouts(fresh_id()) == Unknown()


async def test_who_comes_late_can_still_ask(server: Served) -> None:
    prompt_id = fresh_id()
    async with server.backend.follow(fresh_id()):
        await server.backend.submit(Submission(prompt_id, image_graph(), {}))
        assert (await server.entry(prompt_id)).ending == Succeeded()


# --- files ----------------------------------------------------------------------------------------


def png(color: int) -> bytes:
    """Return a small PNG."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (color, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


async def test_an_uploaded_file_can_be_used_and_keeps_its_bytes(server: Served) -> None:
    data = png(200)
    name = f"{fresh_id()}.png"
    text = await server.backend.upload(
        upload_of(name, data, "gateway"), in_chunks(data[:10], data[10:])
    )
    assert text == f"gateway/{name}"
    assert await bytes_of(server, FileReference(name, "gateway", "input")) == data
    graph = image_graph()
    graph["image"] = node("LoadImage", image=text)
    run = await server.run(graph)
    (file,) = files_of(run, "save")
    pixel = Image.open(io.BytesIO(await bytes_of(server, file))).convert("RGB").getpixel((0, 0))
    assert pixel == (200, 0, 0)


async def test_a_name_that_is_taken_by_another_file_is_changed_and_told(server: Served) -> None:
    name = fresh_id()
    upload = server.backend.upload
    first = await upload(upload_of(f"{name}.png", png(1)), in_chunks(png(1)))
    same = await upload(upload_of(f"{name}.png", png(1)), in_chunks(png(1)))
    other = await upload(upload_of(f"{name}.png", png(2)), in_chunks(png(2)))
    assert (first, same, other) == (f"{name}.png", f"{name}.png", f"{name} (1).png")


async def test_a_name_of_any_language_survives(server: Served) -> None:
    name = f'ünï "図" (1) {fresh_id()}.png'
    text = await server.backend.upload(upload_of(name, png(3)), in_chunks(png(3)))
    file = FileReference(text, "", "input")
    assert await bytes_of(server, file) == png(3)


async def test_a_file_that_is_gone_is_missing(server: Served) -> None:
    with pytest.raises(OutputMissing) as caught:
        await bytes_of(server, FileReference(f"{fresh_id()}.png", "gateway"))
    assert "no longer has it" in caught.value.message


# --- definitions ----------------------------------------------------------------------------------


async def test_definitions_come_one_by_one_or_all(server: Served) -> None:
    names = frozenset({"SaveImage", "LoadImage", "No such/class"})
    some = await server.backend.definitions(names)
    assert set(some) == {"SaveImage", "LoadImage"}
    every = await server.backend.definitions()
    assert {name: every[name] for name in some} == some
    assert set(parse_definitions(some)) == set(some)
    many = await server.backend.definitions(frozenset([*list(every)[:45], "No such/class"]))
    assert set(many) == set(list(every)[:45])
