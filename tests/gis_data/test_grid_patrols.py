"""Groups of cells: connected, of about equal load, the same for the same input."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis_data.grid.patrols import Proposal, propose

SIDE = 100.0


def lattice(columns: int, rows: int) -> tuple[np.ndarray, list[tuple[int, int, float]]]:
    """Square cells in rows from the north; neighbours share a side."""
    centres = np.array([(SIDE * (n % columns), -SIDE * (n // columns)) for n in range(columns * rows)])
    borders = [(n, n + 1, SIDE) for n in range(columns * rows) if (n + 1) % columns]
    borders += [(n, n + columns, SIDE) for n in range(columns * (rows - 1))]
    return centres, borders


def is_connected(cells: set[int], borders: list[tuple[int, int, float]]) -> bool:
    reached, left = {min(cells)}, True
    while left:
        more = {b for a, b, _m in borders if a in reached} | {a for a, b, _m in borders if b in reached}
        left = bool((more & cells) - reached)
        reached |= more & cells
    return reached == cells


def assert_sound(
    proposal: Proposal, count: int, borders: list[tuple[int, int, float]], loads: np.ndarray
) -> None:
    groups = [set(np.flatnonzero(proposal.group == number).tolist()) for number in range(count)]
    assert all(groups)
    assert all(is_connected(cells, borders) for cells in groups)
    np.testing.assert_allclose(proposal.loads, [loads[sorted(cells)].sum() for cells in groups])


def test_even_cells_give_even_groups() -> None:
    centres, borders = lattice(20, 15)
    loads = np.ones(300)
    proposal = propose(centres, loads, borders, 12)
    assert_sound(proposal, 12, borders, loads)
    assert proposal.balance <= 1.05


def test_a_busy_corner_has_smaller_groups() -> None:
    """A third of the work in a ninth of the ground."""
    centres, borders = lattice(18, 18)
    loads = np.where((centres[:, 0] < 600) & (centres[:, 1] > -600), 4.0, 1.0)
    proposal = propose(centres, loads, borders, 9)
    assert_sound(proposal, 9, borders, loads)
    assert proposal.balance <= 1.06
    sizes = np.bincount(proposal.group)
    assert sizes[proposal.group[0]] * 2 < sizes.max()


def test_groups_are_numbered_from_the_north_west() -> None:
    centres, borders = lattice(6, 6)
    proposal = propose(centres, np.ones(36), borders, 4)
    corners = [0, 5, 30, 35]
    assert proposal.group[corners].tolist() == [0, 1, 2, 3]


def test_one_heavy_cell_sets_the_bound() -> None:
    centres, borders = lattice(5, 5)
    loads = np.ones(25)
    loads[12] = 30.0
    proposal = propose(centres, loads, borders, 4)
    assert_sound(proposal, 4, borders, loads)
    assert proposal.loads.max() == 30.0


def test_an_island_goes_to_what_is_nearest() -> None:
    centres, borders = lattice(4, 4)
    borders = [pair for pair in borders if 15 not in pair[:2]]
    proposal = propose(centres, np.ones(16), borders, 2)
    assert proposal.group[15] in (proposal.group[11], proposal.group[14])


def test_cells_without_any_load_are_shared_out_all_the_same() -> None:
    centres, borders = lattice(6, 4)
    proposal = propose(centres, np.zeros(24), borders, 3)
    assert np.bincount(proposal.group).max() <= 9
    assert proposal.balance == 1.0


@pytest.mark.parametrize("count", [0, 10])
def test_more_groups_than_cells_are_refused(count: int) -> None:
    centres, borders = lattice(3, 3)
    with pytest.raises(ValueError, match="groups"):
        propose(centres, np.ones(9), borders, count)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_loads(data: st.DataObject) -> None:
    columns, rows = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    centres, borders = lattice(columns, rows)
    loads = np.array(data.draw(st.lists(st.floats(0, 50), min_size=columns * rows, max_size=columns * rows)))
    count = data.draw(st.integers(1, columns * rows))
    proposal = propose(centres, loads, borders, count)
    assert_sound(proposal, count, borders, loads)
    again = propose(centres, loads, borders[::-1], count)
    assert again.group.tolist() == proposal.group.tolist()
