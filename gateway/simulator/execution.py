"""The run of one prompt: which messages go out in which order, and what is left in the end.

Knows no HTTP and no queue beyond the interrupt flag. The order of messages is that of ComfyUI's
execution.py; recorded runs pin it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import cast

from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.graph.prompt import link_of
from gateway.simulator.cache import Signatures
from gateway.simulator.expansion import graft
from gateway.simulator.history import Outcome
from gateway.simulator.machine import Machine
from gateway.simulator.node import Call, Interrupted, NodeClass, Result
from gateway.simulator.ordering import Order
from gateway.simulator.progress import NodeTicker, Progress, Spot
from gateway.simulator.queue import Graph, QueueItem, client_of
from gateway.simulator.telling import Teller, shown_input
from gateway.simulator.trouble import describe
from gateway.simulator.values import Blocked
from gateway.simulator.weight import is_heavy

__all__ = ["Execution"]


@dataclass(slots=True)
class Execution:
    """One prompt being run.

    Attributes:
        spots: Node id → where it stands.
        values: Node id → what its slots hold.
        open_expansions: Node id → where its slots' values will come from.
        executed: Ids of the nodes that ran.
    """

    item: QueueItem
    machine: Machine
    graph: Graph = field(init=False)
    teller: Teller = field(init=False)
    progress: Progress = field(init=False)
    signatures: Signatures = field(init=False)
    order: Order = field(init=False)
    outcome: Outcome = field(default_factory=Outcome)
    spots: dict[str, Spot] = field(default_factory=dict[str, Spot])
    values: dict[str, tuple[object, ...]] = field(default_factory=dict[str, tuple[object, ...]])
    open_expansions: dict[str, tuple[tuple[str, int], ...]] = field(
        default_factory=dict[str, tuple[tuple[str, int], ...]]
    )
    executed: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        _, prompt_id, graph, _, _ = self.item
        self.graph = dict(graph)
        client_id = client_of(self.item)
        self.teller = Teller(prompt_id, client_id, self.machine.sockets, self.outcome.messages)
        self.progress = Progress(prompt_id, client_id, self.machine.sockets)
        self.signatures = Signatures(self.graph, self._change_mark)
        self.order = Order(self.graph, self._is_output, self._is_kept)
        self.spots = {node_id: Spot(node_id, node_id) for node_id in graph}

    async def run(self) -> Outcome:
        """Run every output node and what it needs; return what is left."""
        self.teller.note("execution_start", {})
        if not self.machine.settings.modern:
            self.machine.cache.keep_only(self.signatures.of(node_id) for node_id in self.graph)
        kept = [node_id for node_id in self.graph if self._is_kept(node_id)]
        self.teller.note("execution_cached", {"nodes": kept})
        for node_id in self.item[4]:
            self.order.add(node_id)
        while (node_id := self.order.next()) is not None:
            if not await self._advance(node_id):
                return self.outcome
        self.teller.note("execution_success", {})
        self.outcome.is_success = True
        return self.outcome

    async def _advance(self, node_id: str) -> bool:
        """Run one node; False when that ended the prompt."""
        if self._reuse(node_id) or self._close_expansion(node_id):
            self.order.done(node_id)
            return True
        spot = self.spots[node_id]
        self._begin(spot)
        inputs: dict[str, object] = {}
        try:
            inputs = self._inputs(node_id)
            result = await self._invoke(spot, inputs)
        except Interrupted:
            self._interrupted(spot)
            return False
        except Exception as error:  # noqa: BLE001 - a node may raise anything: the prompt's own end
            self._failed(spot, inputs, error)
            return False
        # A moment for the sockets and for requests, as the real worker thread leaves them.
        await asyncio.sleep(0)
        self._take(spot, result)
        return True

    def _begin(self, spot: Spot) -> None:
        self.progress.begin(spot)
        if self.teller.client_id is not None:
            self.machine.running_node = spot.real
        self.teller.tell("executing", {"node": spot.node_id, "display_node": spot.real})

    async def _invoke(self, spot: Spot, inputs: dict[str, object]) -> Result:
        if self.machine.queue.interrupt:
            raise Interrupted
        blocked = next((value for value in inputs.values() if isinstance(value, Blocked)), None)
        if blocked is not None:
            return self._blocked(spot, blocked)
        node = self._class_of(spot.node_id)
        ticker = NodeTicker(self.progress, spot, self._is_stopped, self._wants_previews())
        call = Call(spot.node_id, inputs, self.machine.room, ticker, self.item[2], self.item[3])
        if is_heavy(inputs) and not inspect.iscoroutinefunction(node.run):
            result = await asyncio.to_thread(node.run, call)
        else:
            result = node.run(call)
        return result if isinstance(result, Result) else await cast("Awaitable[Result]", result)

    def _take(self, spot: Spot, result: Result) -> None:
        node_id = spot.node_id
        if result.ui is not None:
            self._show(spot, result.ui)
        self.executed.append(node_id)
        if result.expansion is not None:
            nodes, sources = graft(result.expansion, node_id)
            self.graph.update(nodes)
            self.spots.update({inner: Spot(inner, spot.real, node_id) for inner in nodes})
            self.open_expansions[node_id] = sources
            self.executed.remove(node_id)
            shown = [inner for inner in nodes if self._is_output(inner)]
            self.order.hold(node_id, dict.fromkeys([*shown, *(source for source, _ in sources)]))
            return
        self._keep(node_id, result.values, result.ui)
        self.progress.end(spot)
        self.order.done(node_id)

    def _reuse(self, node_id: str) -> bool:
        kept = self.machine.cache.get(self.signatures.of(node_id))
        if kept is None:
            return False
        spot = self.spots[node_id]
        self.values[node_id] = kept.values
        if kept.ui is not None:
            self._show(spot, kept.ui)
        self.progress.end(spot)
        return True

    def _close_expansion(self, node_id: str) -> bool:
        sources = self.open_expansions.pop(node_id, None)
        if sources is None:
            return False
        values = tuple(self._value(source, slot) for source, slot in sources)
        self._keep(node_id, values, None)
        self.executed.append(node_id)
        self.progress.end(self.spots[node_id])
        return True

    def _keep(self, node_id: str, values: tuple[object, ...], ui: JsonObject | None) -> None:
        self.values[node_id] = values
        self.machine.cache.put(self.signatures.of(node_id), values, ui)

    def _show(self, spot: Spot, ui: JsonObject) -> None:
        self.outcome.outputs[spot.node_id] = ui
        self.outcome.meta[spot.node_id] = spot.as_meta()
        data: JsonObject = {"node": spot.node_id, "display_node": spot.real, "output": ui}
        self.teller.tell("executed", data)

    def _blocked(self, spot: Spot, blocked: Blocked) -> Result:
        if blocked.message is not None:
            message = f"Execution Blocked: {blocked.message}"
            data = self._fault_data(spot, message, "ExecutionBlocked")
            nothing: dict[str, Json] = {
                "traceback": [],
                "current_inputs": [],
                "current_outputs": [],
            }
            self.teller.tell("execution_error", {**data, **nothing})
        slots = len(self._class_of(spot.node_id).face.outputs)
        return Result((Blocked(None),) * slots)

    def _fault_data(self, spot: Spot, message: str, kind: str) -> dict[str, Json]:
        return {
            "prompt_id": self.item[1],
            "node_id": spot.real,
            "node_type": str(self.graph[spot.real]["class_type"]),
            "executed": list(self.executed),
            "exception_message": message,
            "exception_type": kind,
        }

    def _failed(self, spot: Spot, inputs: dict[str, object], error: Exception) -> None:
        trouble = describe(error)
        data = self._fault_data(spot, trouble.message, trouble.kind)
        data["traceback"] = list(trouble.traceback)
        data["current_inputs"] = {name: [shown_input(value)] for name, value in inputs.items()}
        data["current_outputs"] = list(self.graph)
        self.teller.note("execution_error", data)

    def _interrupted(self, spot: Spot) -> None:
        data: dict[str, Json] = {
            "node_id": spot.real,
            "node_type": str(self.graph[spot.real]["class_type"]),
            "executed": list(self.executed),
        }
        self.teller.note("execution_interrupted", data, to_all=True)

    def _inputs(self, node_id: str) -> dict[str, object]:
        found = as_object(self.graph[node_id].get("inputs")) or {}
        values: dict[str, object] = {}
        for name, value in found.items():
            link = link_of(value)
            values[name] = value if link is None else self._value(link.node_id, link.slot)
        return values

    def _value(self, node_id: str, slot: int) -> object:
        if node_id in self.values:
            return self.values[node_id][slot]
        kept = self.machine.cache.get(self.signatures.of(node_id))
        return kept.values[slot] if kept else Blocked(None)

    def _class_of(self, node_id: str) -> NodeClass:
        return self.machine.nodes[str(self.graph[node_id]["class_type"])]

    def _is_output(self, node_id: str) -> bool:
        return self._class_of(node_id).face.output_node

    def _is_kept(self, node_id: str) -> bool:
        return node_id in self.values or self.signatures.of(node_id) in self.machine.cache.kept

    def _is_stopped(self) -> bool:
        return self.machine.queue.interrupt

    def _change_mark(self, node_id: str) -> str:
        changed = self._class_of(node_id).changed
        inputs = as_object(self.graph[node_id].get("inputs")) or {}
        return changed(inputs, self.machine.room) if changed else ""

    def _wants_previews(self) -> bool:
        return self.item[3].get("preview_method") in ("auto", "latent2rgb", "taesd")
