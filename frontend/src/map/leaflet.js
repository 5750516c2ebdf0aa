/** The only door to Leaflet. */
import L from "leaflet";

export { L };
