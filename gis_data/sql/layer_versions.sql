-- Raises the version of a tile layer once per statement that changes one of its tables.
-- Arguments of the trigger: the layers drawn from the table. Used by migration 0002.
-- A version begins at the clock's milliseconds: it never repeats, not even after the table was emptied.
CREATE OR REPLACE FUNCTION gis_data_raise_layer_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO gis_data_layerversion AS held (layer, version, changed_at)
    SELECT layer, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, now() FROM unnest(TG_ARGV) AS layer
    ON CONFLICT (layer) DO UPDATE SET version = held.version + 1, changed_at = now();
    RETURN NULL;
END $$;

CREATE TRIGGER raise_layer_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gis_data_basefeature
    FOR EACH STATEMENT EXECUTE FUNCTION gis_data_raise_layer_version('base');
CREATE TRIGGER raise_layer_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gis_data_area
    FOR EACH STATEMENT EXECUTE FUNCTION gis_data_raise_layer_version('areas');
CREATE TRIGGER raise_layer_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gis_data_generation
    FOR EACH STATEMENT EXECUTE FUNCTION gis_data_raise_layer_version('areas', 'cells', 'grids');
CREATE TRIGGER raise_layer_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gis_data_cell
    FOR EACH STATEMENT EXECUTE FUNCTION gis_data_raise_layer_version('cells', 'grids');
CREATE TRIGGER raise_layer_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gis_data_responsibilitygrid
    FOR EACH STATEMENT EXECUTE FUNCTION gis_data_raise_layer_version('grids');
CREATE TRIGGER raise_layer_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gis_data_responsibilitygrid_cells
    FOR EACH STATEMENT EXECUTE FUNCTION gis_data_raise_layer_version('grids');
CREATE TRIGGER raise_layer_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gis_data_component
    FOR EACH STATEMENT EXECUTE FUNCTION gis_data_raise_layer_version('components');
