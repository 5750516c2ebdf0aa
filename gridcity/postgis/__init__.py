"""PostGIS for lasting threads: see base.py."""
