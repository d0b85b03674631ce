"""Which node runs next. Knows graphs and nothing of running.

ComfyUI's order: what is needed is walked from each output node, last input first; of the nodes
that are ready an output node goes first, then one an output node waits for, then one of those,
then the first found (comfy_execution/graph.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.graph.json_value import Json
from gateway.graph.prompt import link_of

__all__ = ["Order", "links_of"]


def links_of(node: dict[str, Json]) -> list[str]:
    """Return the ids of the nodes that feed this one, in the order of its inputs."""
    inputs = node.get("inputs")
    if not isinstance(inputs, dict):
        return []
    found = (link_of(value) for value in inputs.values())
    return [link.node_id for link in found if link is not None]


@dataclass(slots=True)
class Order:
    """The nodes that are still to run.

    Attributes:
        graph: Node id → node, grown by expansions.
        is_output: Tells whether a node is an output node.
        is_kept: Tells whether a node's result is already there, so that nobody waits for it.
    """

    graph: dict[str, dict[str, Json]]
    is_output: Callable[[str], bool]
    is_kept: Callable[[str], bool]
    waiting: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    feeding: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def add(self, node_id: str) -> None:
        """Add a node and everything it needs."""
        stack = [node_id]
        while stack:
            current = stack.pop()
            if current in self.waiting:
                continue
            needed = [
                source for source in links_of(self.graph[current]) if not self.is_kept(source)
            ]
            self.waiting[current] = set(needed)
            for source in needed:
                self.feeding.setdefault(source, set()).add(current)
            stack.extend(needed)

    def hold(self, node_id: str, others: Iterable[str]) -> None:
        """Make a node wait for others, which are added."""
        for other in others:
            self.add(other)
            self.waiting[node_id].add(other)
            self.feeding.setdefault(other, set()).add(node_id)

    def done(self, node_id: str) -> None:
        """A node has run: nobody waits for it any more."""
        del self.waiting[node_id]
        for follower in self.feeding.pop(node_id, ()):
            self.waiting[follower].discard(node_id)

    def next(self) -> str | None:
        """Return the node to run now, or None when all have run."""
        ready = [node_id for node_id, needed in self.waiting.items() if not needed]
        if len(ready) <= 1:
            return ready[0] if ready else None
        return min(ready, key=self._distance)

    def _distance(self, node_id: str) -> int:
        if self.is_output(node_id):
            return 0
        followers = self.feeding.get(node_id, ())
        if any(self.is_output(follower) for follower in followers):
            return 1
        further = (self.feeding.get(follower, ()) for follower in followers)
        return 2 if any(self.is_output(last) for group in further for last in group) else 3
