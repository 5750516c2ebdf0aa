"""How much a phone may send at once."""

from typing import Final

BATCH_ITEMS: Final = 50
BATCH_BYTES: Final = 500_000
FIXES_AT_MOST: Final = 500
