/** What the server told this page when it rendered it. */

/** @returns {PageContext} */
export function context() {
  const element = document.getElementById("context");
  return JSON.parse(element?.textContent ?? "{}");
}
