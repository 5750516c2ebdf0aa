from django.db import migrations

from gis_data.sql import statement

DROP = """
DROP TRIGGER change_squares_in ON gis_data_component;
DROP TRIGGER change_squares_on ON gis_data_component;
DROP TRIGGER change_squares_out ON gis_data_component;
DROP TRIGGER change_squares_all ON gis_data_component;
DROP FUNCTION gis_data_forget_squares();
DROP FUNCTION gis_data_count_squares();
DROP FUNCTION gis_data_change_squares();
DROP FUNCTION gis_data_square_x(geometry);
DROP FUNCTION gis_data_square_y(geometry);
DROP SEQUENCE gis_data_square_version;
DROP TABLE gis_data_componentsquare;
"""


class Migration(migrations.Migration):
    """Components counted by square of the map, kept true by triggers; a tile's version is its square's."""

    dependencies = [("gis_data", "0009_grid_plans")]
    operations = [migrations.RunSQL(statement("component_squares"), DROP)]
