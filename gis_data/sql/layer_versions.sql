-- Raises the version of a tile layer once per statement that changes one of its tables.
-- Arguments of the trigger: the layers drawn from the table. Used by migration 0002.
CREATE FUNCTION gis_data_raise_layer_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE gis_data_layerversion SET version = version + 1, changed_at = now() WHERE layer = ANY (TG_ARGV);
    RETURN NULL;
END $$;

INSERT INTO gis_data_layerversion (layer, version, changed_at)
VALUES ('base', 1, now()), ('areas', 1, now()), ('cells', 1, now()), ('grids', 1, now()), ('components', 1, now());

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
