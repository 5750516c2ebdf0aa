from django.db import migrations

from gis_data.sql import statement

DROP = """
DROP TRIGGER raise_layer_version ON gis_data_basefeature;
DROP TRIGGER raise_layer_version ON gis_data_area;
DROP TRIGGER raise_layer_version ON gis_data_generation;
DROP TRIGGER raise_layer_version ON gis_data_cell;
DROP TRIGGER raise_layer_version ON gis_data_responsibilitygrid;
DROP TRIGGER raise_layer_version ON gis_data_responsibilitygrid_cells;
DROP TRIGGER raise_layer_version ON gis_data_component;
DROP FUNCTION gis_data_raise_layer_version();
DELETE FROM gis_data_layerversion;
"""


class Migration(migrations.Migration):
    """Versions of the tile layers, raised by triggers so that no writer can forget."""

    dependencies = [("gis_data", "0001_initial")]
    operations = [migrations.RunSQL(statement("layer_versions"), DROP)]
