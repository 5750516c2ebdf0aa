/** Where the phone is. Browsers give WGS-84; the accuracy goes with it. */
import { t } from "../lib/i18n.js";

/** @typedef {import("./ground.js").Spot} Spot */

/** @returns {Promise<Spot>} rejects with a sentence for the inspector */
export function locate() {
  return new Promise((done, fail) => {
    if (!navigator.geolocation) return fail(new Error(t("This phone does not say where it is.")));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => done({ lon: coords.longitude, lat: coords.latitude, accuracy_m: coords.accuracy, by: "device" }),
      (error) => fail(new Error(error.code === error.PERMISSION_DENIED
        ? t("The browser may not use the position. Allow it, or put the pin by hand.")
        : t("No position found. Put the pin by hand."))),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 5000 },
    );
  });
}
