"""The small city all tests speak of: two districts, six cells, three owners of components.

```
        110101 东城区                          110105 朝阳区
        street 001 东华门                      street 001 建外
        community 001     community 002       community 001
lat     ┌──────┬──────┐   ┌──────┬──────┐     ┌──────┬──────┐  39.921
        │  0   │  1   │   │  2   │  3   │     │  4   │  5   │
        └──────┴──────┘   └──────┴──────┘     └──────┴──────┘  39.920
lon   116.410  .411     .412   .413         .414   .415     .416      (no gaps between them)
```
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.utils import timezone

from gis_data import codes
from gis_data.crs import STORE
from gis_data.importers.classes import CURRENT_EDITION
from gis_data.models import Area, Cell, ClassEdition, Component, Generation, ProblemClass, ResponsibilityGrid

WEST, SOUTH, SIDE = 116.410, 39.920, 0.001
CELL_M2 = 85.4 * 111.0
OUTSIDE = (116.300, 39.800)

WATER, LIGHTING, SANITATION = "110101-D01", "110101-D02", "110101-D03"


@dataclass(frozen=True, slots=True)
class SmallCity:
    """What `small_city()` made; lists run west to east."""

    districts: list[Area]
    streets: list[Area]
    communities: list[Area]
    cells: list[Cell]
    grids: list[ResponsibilityGrid]
    edition: ClassEdition
    manhole: ProblemClass
    lamp: ProblemClass
    bin: ProblemClass
    litter: ProblemClass
    vendor: ProblemClass
    burst_pipe: ProblemClass
    manholes: list[Component]
    lamps: list[Component]
    bins: list[Component]

    def inside(self, cell: int = 0, east: float = 0.5, north: float = 0.5) -> tuple[float, float]:
        """Longitude and latitude of a point in a cell, by default its middle."""
        return WEST + SIDE * (cell + east), SOUTH + SIDE * north

    outside = OUTSIDE


def small_city() -> SmallCity:
    """Build it; a manhole of the water company, a street lamp and a litter bin stand in each cell."""
    edition = _edition()
    classes = _classes(edition)
    first, second = (_generation(code) for code in ("110101", "110105"))
    dongcheng = _area(first, "110101", "东城区", "Dongcheng District", None, 0, 4)
    chaoyang = _area(second, "110105", "朝阳区", "Chaoyang District", None, 4, 6)
    donghuamen = _area(first, "110101001", "东华门街道", "Donghuamen Subdistrict", dongcheng, 0, 4)
    jianwai = _area(second, "110105001", "建外街道", "Jianwai Subdistrict", chaoyang, 4, 6)
    communities = [
        _area(first, "110101001001", "多福巷社区", "Duofuxiang Community", donghuamen, 0, 2),
        _area(first, "110101001002", "银闸社区", "Yinzha Community", donghuamen, 2, 4),
        _area(second, "110105001001", "永安里社区", "Yong'anli Community", jianwai, 4, 6),
    ]
    cells = [_cell(communities[n // 2], n) for n in range(6)]
    grids = [_grid("DC001", "东华门 001", cells[:4]), _grid("CY001", "建外 001", cells[4:])]
    return SmallCity(
        districts=[dongcheng, chaoyang],
        streets=[donghuamen, jianwai],
        communities=communities,
        cells=cells,
        grids=grids,
        edition=edition,
        manhole=classes["manhole"],
        lamp=classes["lamp"],
        bin=classes["bin"],
        litter=classes["litter"],
        vendor=classes["vendor"],
        burst_pipe=classes["burst_pipe"],
        manholes=[_component(cell, n, classes["manhole"], WATER, 0.3) for n, cell in enumerate(cells)],
        lamps=[_component(cell, n, classes["lamp"], LIGHTING, 0.5) for n, cell in enumerate(cells)],
        bins=[_component(cell, n, classes["bin"], SANITATION, 0.7) for n, cell in enumerate(cells)],
    )


def _edition() -> ClassEdition:
    return ClassEdition.objects.update_or_create(
        code=CURRENT_EDITION, defaults={"title": CURRENT_EDITION, "current": True}
    )[0]


def _classes(edition: ClassEdition) -> dict[str, ProblemClass]:
    component, event = ProblemClass.Kind.COMPONENT, ProblemClass.Kind.EVENT
    rows = {
        "manhole": (component, "0101", "上水井盖", "Water-supply manhole cover", "ssjg"),
        "lamp": (component, "0137", "路灯", "Street lamp", "ld"),
        "bin": (component, "0305", "垃圾箱（果皮箱、桶）", "Litter bin", "ljx"),
        "litter": (event, "0110", "暴露生活垃圾", "Exposed household refuse", "blshlj"),
        "vendor": (event, "0401", "无照经营游商", "Unlicensed street vendor", "wzjyys"),
        "burst_pipe": (event, "0501", "供水管道破裂", "Burst water-supply pipe", "gsgdpl"),
    }
    majors = {
        (component, "01"): ("公用设施", "Public utilities"),
        (component, "03"): ("市容环境设施", "City-appearance and environment facilities"),
        (event, "01"): ("市容环境", "City appearance and environment"),
        (event, "04"): ("街面秩序", "Street order"),
        (event, "05"): ("突发事件", "Emergencies"),
    }
    return {
        key: ProblemClass.objects.update_or_create(
            edition=edition,
            kind=kind,
            code=code,
            defaults={
                "name": name,
                "name_en": name_en,
                "major_code": code[:2],
                "major": majors[kind, code[:2]][0],
                "major_en": majors[kind, code[:2]][1],
                "initials": initials,
                "geometry_kind": "point" if kind == component else "",
            },
        )[0]
        for key, (kind, code, name, name_en, initials) in rows.items()
    }


def _generation(district_code: str) -> Generation:
    return Generation.objects.create(
        district_code=district_code,
        title="small city",
        state=Generation.State.ACTIVE,
        synthetic=True,
        activated_at=timezone.now(),
    )


def _area(
    generation: Generation, code: str, name: str, name_en: str, parent: Area | None, first: int, last: int
) -> Area:
    """The area over cells `first` to `last - 1`; its level is told by the width of its code."""
    level = {6: Area.Level.DISTRICT, 9: Area.Level.STREET, 12: Area.Level.COMMUNITY}[len(code)]
    return Area.objects.create(
        generation=generation,
        level=level,
        code=code,
        name=name,
        name_en=name_en,
        parent=parent,
        border=MultiPolygon(_rectangle(first, last), srid=STORE),
        area_m2=CELL_M2 * (last - first),
        synthetic=True,
    )


def _cell(community: Area, place: int) -> Cell:
    return Cell.objects.create(
        generation=community.generation,
        community=community,
        code=codes.cell_code(community.code, place % 2 + 1),
        border=_rectangle(place, place + 1),
        area_m2=CELL_M2,
        active=True,
        synthetic=True,
    )


def _grid(code: str, name: str, cells: list[Cell]) -> ResponsibilityGrid:
    grid = ResponsibilityGrid.objects.create(code=code, name=name)
    grid.cells.set(cells)
    return grid


def _component(cell: Cell, place: int, problem_class: ProblemClass, owner: str, east: float) -> Component:
    district_code = cell.code[:6]
    return Component.objects.create(
        code=codes.component_code(district_code, problem_class.code, place % 4 + 1),
        district_code=district_code,
        problem_class=problem_class,
        place=Point(WEST + SIDE * (place + east), SOUTH + SIDE / 2, srid=STORE),
        cell_code=cell.code,
        authority_code=owner,
        owner_code=owner,
        maintainer_code=owner,
        synthetic=True,
    )


def _rectangle(first: int, last: int) -> Polygon:
    """Cells `first` to `last - 1` as one ring that has every cell corner: edges are shared exactly."""
    columns = [round(WEST + SIDE * n, 6) for n in range(first, last + 1)]
    south, north = SOUTH, round(SOUTH + SIDE, 6)
    ring = [(lon, south) for lon in columns] + [(lon, north) for lon in reversed(columns)]
    return Polygon([*ring, ring[0]], srid=STORE)
