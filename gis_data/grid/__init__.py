"""Unit cells of about 10,000 m² out of communities: cutting, checking, and grouping them for patrols."""
