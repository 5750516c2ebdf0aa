"""The sample city's plan: what the generator is told, in longitude and latitude. Data, no code.

Only the names and the rough places of well-known streets, parks and gates follow the real Dongcheng, as
anybody knows them; every line is drawn freehand for this project and belongs to no survey. Codes and
names of the 17 streets and 169 communities are the real ones, their shapes are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LonLat = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Avenue:
    """A street of width class 1 (ring, Chang'an) or 2, as a line that cuts all it crosses."""

    name: str
    name_en: str
    rank: int
    line: tuple[LonLat, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """An avenue with what lies on either side: north then south, or west then east of it."""

    avenue: Avenue
    first: Split | str
    second: Split | str


@dataclass(frozen=True, slots=True)
class Ground:
    """A park, a lake, a moat or a walled ground: no lane and no block is drawn on it."""

    kind: str
    name: str
    name_en: str
    ring: tuple[LonLat, ...]


@dataclass(frozen=True, slots=True)
class Landmark:
    """A name on the map; rank 1 shows from afar."""

    name: str
    name_en: str
    rank: int
    place: LonLat


def _street(name: str, name_en: str, rank: int, *line: LonLat) -> Avenue:
    return Avenue(name, name_en, rank, line)


# --- the 17 streets: the district cut by avenues until each piece has its code --------------------
# Latitude runs north to south in a Split along a parallel, longitude west to east along a meridian.
_FRONT = _street(
    "前三门大街", "Qiansanmen Street", 2,
    (116.370, 39.8990), (116.398, 39.8996), (116.4120, 39.9000), (116.428, 39.9010), (116.450, 39.9022),
)  # fmt: skip
_NORTH_RING = _street(
    "北二环路", "2nd Ring Road North", 1,
    (116.370, 39.9478), (116.393, 39.9482), (116.418, 39.9488), (116.4290, 39.9490), (116.450, 39.9494),
)  # fmt: skip
_EAST_RING = _street(
    "东二环路", "2nd Ring Road East", 1,
    (116.4290, 39.9700), (116.4290, 39.9490), (116.4282, 39.9330), (116.4287, 39.9160), (116.4300, 39.8900),
)  # fmt: skip
_WUSI = _street(
    "朝阳门内大街", "Chaoyangmennei Street", 2,
    (116.370, 39.9224), (116.398, 39.9232), (116.4110, 39.9236), (116.440, 39.9240),
)  # fmt: skip
_YONGHEGONG = _street(
    "东四北大街", "Dongsi North Street", 2,
    (116.4108, 39.9600), (116.4106, 39.9400), (116.4110, 39.9310), (116.4112, 39.9200),
)  # fmt: skip
_DIANMEN_EAST = _street(
    "地安门东大街", "Di'anmen East Street", 2,
    (116.370, 39.9318), (116.392, 39.9322), (116.4115, 39.9326), (116.440, 39.9330),
)  # fmt: skip
_GULOU_EAST = _street(
    "鼓楼东大街", "Gulou East Street", 2,
    (116.370, 39.9392), (116.392, 39.9396), (116.4115, 39.9402), (116.440, 39.9408),
)  # fmt: skip
_DONGSISHITIAO = _street(
    "东四十条", "Dongsi Shitiao", 2,
    (116.400, 39.9322), (116.4115, 39.9326), (116.4290, 39.9332), (116.445, 39.9336),
)  # fmt: skip
_DONGDAN = _street(
    "东单北大街", "Dongdan North Street", 2,
    (116.4112, 39.9300), (116.4114, 39.9150), (116.4118, 39.9080), (116.4124, 39.8950),
)  # fmt: skip
_JINBAO = _street(
    "金宝街", "Jinbao Street", 2,
    (116.400, 39.9154), (116.4114, 39.9158), (116.4287, 39.9164), (116.440, 39.9168),
)  # fmt: skip
_SOUTH_RING = _street(
    "南二环路", "2nd Ring Road South", 1,
    (116.360, 39.8704), (116.393, 39.8708), (116.412, 39.8714), (116.432, 39.8722), (116.450, 39.8726),
)  # fmt: skip
_ZHUSHIKOU = _street(
    "珠市口东大街", "Zhushikou East Street", 2,
    (116.370, 39.8914), (116.398, 39.8916), (116.4130, 39.8914), (116.430, 39.8918), (116.450, 39.8924),
)  # fmt: skip
_QINIAN = _street(
    "祈年大街", "Qinian Street", 2,
    (116.4062, 39.9050), (116.4064, 39.8955), (116.4060, 39.8850),
)  # fmt: skip
_XIHUASHI = _street(
    "西花市大街", "Xihuashi Street", 2,
    (116.4190, 39.9060), (116.4188, 39.8955), (116.4192, 39.8850),
)  # fmt: skip
_TIANTAN_EAST = _street(
    "天坛东路", "Tiantan East Road", 2,
    (116.4128, 39.8960), (116.4130, 39.8820), (116.4136, 39.8650),
)  # fmt: skip
_FAHUASI = _street(
    "幸福大街", "Xingfu Street", 2,
    (116.4246, 39.8960), (116.4250, 39.8820), (116.4254, 39.8650),
)  # fmt: skip

STREETS: Final = Split(
    _FRONT,
    Split(
        _NORTH_RING,
        "110101010",
        Split(
            _EAST_RING,
            Split(
                _WUSI,
                Split(
                    _YONGHEGONG,
                    Split(_DIANMEN_EAST, Split(_GULOU_EAST, "110101004", "110101003"), "110101002"),
                    Split(_DONGSISHITIAO, "110101005", "110101006"),
                ),
                Split(_DONGDAN, "110101001", Split(_JINBAO, "110101007", "110101008")),
            ),
            "110101009",
        ),
    ),
    Split(
        _SOUTH_RING,
        Split(
            _ZHUSHIKOU,
            Split(_QINIAN, "110101011", Split(_XIHUASHI, "110101012", "110101013")),
            Split(_TIANTAN_EAST, "110101016", Split(_FAHUASI, "110101015", "110101014")),
        ),
        "110101017",
    ),
)

# --- avenues inside a street: its communities are shared out on either side -----------------------
_CHANGAN = _street(
    "东长安街", "East Chang'an Avenue", 1,
    (116.370, 39.9072), (116.3975, 39.9076), (116.4118, 39.9080), (116.4290, 39.9086), (116.450, 39.9092),
)  # fmt: skip
_CHAONEI_SOUTH = _street(
    "朝阳门南小街", "Chaoyangmen South Alley", 2,
    (116.4196, 39.9420), (116.4198, 39.9200), (116.4208, 39.8980),
)  # fmt: skip

AVENUES: Final[dict[str, tuple[Avenue, ...]]] = {
    "110101001": (
        _CHANGAN,
        _street(
            "王府井大街", "Wangfujing Street", 2,
            (116.4052, 39.9300), (116.4054, 39.9150), (116.4058, 39.8950),
        ),
    ),
    "110101002": (
        _street("美术馆后街", "Meishuguan Back Street", 2, (116.4022, 39.9400), (116.4026, 39.9200)),
    ),
    "110101003": (
        _street("交道口南大街", "Jiaodaokou South Street", 2, (116.4020, 39.9450), (116.4022, 39.9280)),
    ),
    "110101004": (
        _street("安定门内大街", "Andingmennei Street", 2, (116.4016, 39.9520), (116.4020, 39.9380)),
        _street("旧鼓楼大街", "Old Gulou Street", 2, (116.3920, 39.9520), (116.3922, 39.9370)),
    ),
    "110101005": (
        _street(
            "东直门内大街", "Dongzhimennei Street", 2,
            (116.405, 39.9402), (116.420, 39.9406), (116.435, 39.9410),
        ),
        _street("东直门南小街", "Dongzhimen South Alley", 2, (116.4194, 39.9520), (116.4196, 39.9300)),
    ),
    "110101006": (
        _street("朝阳门北小街", "Chaoyangmen North Alley", 2, (116.4196, 39.9360), (116.4198, 39.9200)),
    ),
    "110101007": (_CHAONEI_SOUTH,),
    "110101008": (
        _street(
            "建国门内大街", "Jianguomennei Street", 1,
            (116.400, 39.90765), (116.4118, 39.9080), (116.445, 39.9090),
        ),
        _street("北京站街", "Beijing Railway Station Street", 2, (116.4206, 39.9200), (116.4210, 39.8980)),
    ),
    "110101009": (
        _street(
            "东直门外大街", "Dongzhimenwai Street", 2,
            (116.420, 39.9406), (116.435, 39.9412), (116.450, 39.9416),
        ),
        _street(
            "工人体育场北路", "Gongti North Road", 2,
            (116.420, 39.9330), (116.435, 39.9334), (116.450, 39.9338),
        ),
    ),
    "110101010": (
        _street("安定门外大街", "Andingmenwai Street", 2, (116.4012, 39.9700), (116.4016, 39.9460)),
        _street(
            "和平里北街", "Hepingli North Street", 2,
            (116.370, 39.9552), (116.400, 39.9556), (116.440, 39.9562),
        ),
    ),
    "110101011": (_street("前门大街", "Qianmen Street", 2, (116.3972, 39.9050), (116.3974, 39.8880)),),
    "110101012": (
        _street("崇文门外大街", "Chongwenmenwai Street", 2, (116.4124, 39.9050), (116.4128, 39.8880)),
    ),
    "110101013": (
        _street("东二环路", "2nd Ring Road East", 1, (116.4362, 39.9100), (116.4366, 39.8850)),
        _street("白桥大街", "Baiqiao Street", 2, (116.4272, 39.9100), (116.4276, 39.8850)),
    ),
    "110101014": (
        _street("光明路", "Guangming Road", 2, (116.415, 39.8838), (116.430, 39.8842), (116.450, 39.8848)),
        _street("左安门内大街", "Zuo'anmennei Street", 2, (116.4330, 39.8960), (116.4334, 39.8650)),
    ),
    "110101015": (
        _street("体育馆路", "Tiyuguan Road", 2, (116.405, 39.8834), (116.420, 39.8836), (116.435, 39.8842)),
    ),
    "110101016": (
        _street("永定门内大街", "Yongdingmennei Street", 2, (116.3992, 39.8960), (116.3996, 39.8650)),
        _street("天坛路", "Tiantan Road", 2, (116.380, 39.8876), (116.400, 39.8878), (116.420, 39.8880)),
    ),
    "110101017": (
        _street("永定门外大街", "Yongdingmenwai Street", 2, (116.3990, 39.8760), (116.3994, 39.8520)),
        _street("沙子口路", "Shazikou Road", 2, (116.365, 39.8640), (116.395, 39.8644), (116.425, 39.8650)),
    ),
}  # fmt: skip

# Streets of the old city, where lanes run east and west and lie close.
OLD_CITY: Final = frozenset(f"110101{n:03d}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 11, 12))


def _box(west: float, south: float, east: float, north: float) -> tuple[LonLat, ...]:
    return ((west, south), (east, south), (east, north), (west, north))


# --- parks, water and walled grounds, painted in this order ---------------------------------------
GROUNDS: Final = (
    Ground("water", "北护城河", "North Moat", (
        (116.370, 39.94855), (116.393, 39.94895), (116.418, 39.94955), (116.4300, 39.94975),
        (116.4300, 39.94998), (116.418, 39.94985), (116.393, 39.94925), (116.370, 39.94885),
    )),
    Ground("water", "南护城河", "South Moat", (
        (116.365, 39.8694), (116.393, 39.8698), (116.412, 39.8704), (116.432, 39.8712), (116.450, 39.8716),
        (116.450, 39.8712), (116.432, 39.8708), (116.412, 39.8700), (116.393, 39.8694), (116.365, 39.8690),
    )),
    Ground("water", "筒子河", "Palace Moat", _box(116.3926, 39.9120, 116.4016, 39.9222)),
    Ground("walled", "故宫", "Forbidden City", _box(116.3934, 39.9126, 116.4008, 39.9216)),
    Ground(
        "green", "皇城根遗址公园", "Huangchenggen Relics Park", _box(116.4032, 39.9094, 116.4037, 39.9228),
    ),
    Ground(
        "green", "劳动人民文化宫", "Working People's Cultural Palace",
        _box(116.3984, 39.9084, 116.4014, 39.9112),
    ),
    Ground("green", "中山公园", "Zhongshan Park", _box(116.3922, 39.9084, 116.3960, 39.9112)),
    Ground("green", "东单公园", "Dongdan Park", _box(116.4126, 39.9050, 116.4152, 39.9074)),
    Ground("green", "明城墙遗址公园", "Ming City Wall Relics Park", (
        (116.4140, 39.90055), (116.4282, 39.90148), (116.4282, 39.90215), (116.4140, 39.90115),
    )),
    Ground("green", "地坛公园", "Temple of Earth Park", _box(116.4092, 39.9504, 116.4152, 39.9549)),
    Ground("green", "青年湖公园", "Youth Lake Park", _box(116.3936, 39.9508, 116.3990, 39.9544)),
    Ground("water", "青年湖", "Youth Lake", (
        (116.3950, 39.9518), (116.3966, 39.9514), (116.3978, 39.9520),
        (116.3980, 39.9531), (116.3968, 39.9537),
        (116.3953, 39.9534), (116.3947, 39.9526),
    )),
    Ground("green", "南馆公园", "Nanguan Park", _box(116.4218, 39.9424, 116.4252, 39.9446)),
    Ground("green", "天坛公园", "Temple of Heaven Park", (
        (116.4004, 39.8732), (116.4122, 39.8736), (116.4120, 39.8848),
        (116.4104, 39.8866), (116.4020, 39.8866),
        (116.4004, 39.8850),
    )),
    Ground("green", "永定门公园", "Yongdingmen Park", _box(116.3962, 39.8716, 116.3988, 39.8790)),
    Ground("green", "龙潭公园", "Longtan Park", (
        (116.4262, 39.8734), (116.4326, 39.8738), (116.4324, 39.8812),
        (116.4272, 39.8814), (116.4260, 39.8802),
    )),
    Ground("water", "龙潭湖", "Longtan Lake", (
        (116.4272, 39.8748), (116.4290, 39.8742), (116.4306, 39.8750),
        (116.4316, 39.8762), (116.4312, 39.8780),
        (116.4300, 39.8790), (116.4298, 39.8802), (116.4284, 39.8806),
        (116.4272, 39.8798), (116.4276, 39.8778),
        (116.4268, 39.8764),
    )),
    Ground("green", "玉蜓公园", "Yuting Park", _box(116.4144, 39.8660, 116.4160, 39.8688)),
    Ground("green", "革新里公园", "Gexinli Park", _box(116.4010, 39.8600, 116.4034, 39.8622)),
)  # fmt: skip

LANDMARKS: Final = (
    Landmark("故宫", "Forbidden City", 1, (116.3971, 39.9170)),
    Landmark("天安门", "Tian'anmen", 1, (116.3974, 39.9082)),
    Landmark("天坛", "Temple of Heaven", 1, (116.4064, 39.8800)),
    Landmark("王府井", "Wangfujing", 1, (116.4054, 39.9135)),
    Landmark("钟鼓楼", "Bell and Drum Towers", 2, (116.3932, 39.9408)),
    Landmark("雍和宫", "Lama Temple", 2, (116.4132, 39.9468)),
    Landmark("国子监", "Imperial Academy", 2, (116.4080, 39.9458)),
    Landmark("隆福寺", "Longfu Temple", 2, (116.4086, 39.9256)),
    Landmark("北京站", "Beijing Railway Station", 1, (116.4225, 39.9036)),
    Landmark("东直门", "Dongzhimen", 1, (116.4290, 39.9408)),
    Landmark("朝阳门", "Chaoyangmen", 2, (116.4286, 39.9240)),
    Landmark("建国门", "Jianguomen", 2, (116.4292, 39.9087)),
    Landmark("崇文门", "Chongwenmen", 2, (116.4122, 39.9000)),
    Landmark("前门", "Qianmen", 2, (116.3973, 39.8992)),
    Landmark("永定门", "Yongdingmen", 2, (116.3992, 39.8714)),
    Landmark("安定门", "Andingmen", 2, (116.4016, 39.9484)),
    Landmark("龙潭湖", "Longtan Lake", 2, (116.4292, 39.8774)),
    Landmark("地坛", "Temple of Earth", 2, (116.4122, 39.9526)),
)
