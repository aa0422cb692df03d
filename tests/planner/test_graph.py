"""The dense graph: data edges, levels, cycles."""

from collections.abc import Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from planner.abstract import AbstractJob, AbstractWorkflow, Use
from planner.graph import NOBODY, breadth_first, build_graph, find_cycle, levels, reverse

MakeJob = Callable[..., AbstractJob]


def test_files_imply_edges_besides_the_declared_ones(job: MakeJob) -> None:
    jobs = [job(1, "a", [], ["x"]), job(2, "b", ["x"], ["y"]), job(3, "c", [], [])]
    graph = build_graph(AbstractWorkflow("w", jobs, [(0, 2), (0, 1)]))
    assert graph.parents == [[], [0], [0]]
    assert graph.children == [[1, 2], [], []]


def test_data_edges_can_be_switched_off(job: MakeJob) -> None:
    jobs = [job(1, "a", [], ["x"]), job(2, "b", ["x"], [])]
    assert build_graph(AbstractWorkflow("w", jobs, []), infer_data_edges=False).parents == [[], []]


def test_a_job_that_changes_a_file_in_place_is_not_its_own_parent(job: MakeJob) -> None:
    jobs = [job(1, "a", ["x"], ["x"])]
    graph = build_graph(AbstractWorkflow("w", jobs, []))
    assert graph.parents == [[]]
    assert graph.maker(graph.file_of["x"], 0) == NOBODY
    assert graph.changed == {graph.file_of["x"]}


def test_a_job_that_changes_the_file_of_another_comes_after_it(job: MakeJob) -> None:
    changer = AbstractJob("ID2", job(1, "b").transformation, uses=(Use("x", "inout"),))
    jobs = [job(1, "a", [], ["x"]), changer, job(3, "c", ["x"], [])]
    graph = build_graph(AbstractWorkflow("w", jobs, []))
    assert graph.parents == [[], [0], [1]]
    assert graph.producers == {graph.file_of["x"]: [0, 1]}


def test_a_cycle_is_found_as_a_path() -> None:
    parents = [[], [0, 3], [1], [2], [3]]
    order = breadth_first(parents, reverse(parents))
    cycle = find_cycle(parents, order)
    assert cycle[0] == cycle[-1]
    assert set(cycle) == {1, 2, 3}
    assert all(parent in parents[child] for parent, child in pairwise(cycle))


@st.composite
def _acyclic(draw: st.DrawFn) -> list[list[int]]:
    size = draw(st.integers(1, 12))
    parents: list[list[int]] = []
    for node in range(size):
        chosen = draw(st.sets(st.integers(0, node - 1))) if node else set[int]()
        parents.append(sorted(chosen))
    return parents


@given(_acyclic())
def test_the_order_is_topological_and_levels_are_longest_paths(parents: list[list[int]]) -> None:
    order = breadth_first(parents, reverse(parents))
    place = {node: position for position, node in enumerate(order)}
    assert sorted(order) == list(range(len(parents)))
    assert all(place[parent] < place[node] for node in order for parent in parents[node])
    depth = levels(parents, order)
    for node, of_node in enumerate(parents):
        assert depth[node] == (1 + max(depth[parent] for parent in of_node) if of_node else 0)
    assert find_cycle(parents, order) == []


@given(_acyclic(), st.data())
def test_any_cycle_is_found(parents: list[list[int]], data: st.DataObject) -> None:
    node = data.draw(st.integers(0, len(parents) - 1))
    ancestor = data.draw(st.integers(0, node))
    # a way down from the ancestor to the node, and one edge back up
    for step in range(ancestor, node):
        if step not in parents[step + 1]:
            parents[step + 1].append(step)
    parents[ancestor].append(node)
    order = breadth_first(parents, reverse(parents))
    cycle = find_cycle(parents, order)
    assert len(cycle) >= 2
    assert cycle[0] == cycle[-1]
    assert all(parent in parents[child] for parent, child in pairwise(cycle))
