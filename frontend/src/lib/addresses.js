/** The address one would give for a place. */

/**
 * Empty where nothing near has a name or a number, or without a connection: a report is good without it.
 * @param {import("./api.js").Api} api @param {number} lon @param {number} lat @returns {Promise<string>}
 */
export async function addressOf(api, lon, lat) {
  try {
    return /** @type {NearestOut} */ (await api.get("/addresses/nearest", { lon, lat, datum: "wgs84", limit: 1 })).text;
  } catch {
    return "";
  }
}
