"""Yardsticks: GridCity beside the floor that the same machine gives, in one sitting. Only ratios count."""
