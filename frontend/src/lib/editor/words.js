/** What an edit was, in words. */
import { t } from "../i18n.js";

/** @param {string} kind */
export function kindWord(kind) {
  const words = /** @type {Record<string, string>} */ ({
    move_vertex: t("Border moved"), remove_vertex: t("Corner taken out"), split_cell: t("Cell split"), merge_cells: t("Cells merged"),
    draw_cell: t("Cell drawn"), split_area: t("Area split"), draw_area: t("Area drawn"), merge_areas: t("Areas merged"),
    move_cells: t("Cells given away"), rename_area: t("Renamed"), make_grid: t("Grid made"), assign_cells: t("Cells assigned"),
    add_component: t("Component added"), move_component: t("Component moved"), retire_component: t("Component retired"),
  });
  return words[kind] ?? kind;
}
