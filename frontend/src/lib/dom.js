/** Building nodes without markup strings. */

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

/**
 * h("button.quiet", { type: "button", onclick: send }, "Send")
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K | `${K}.${string}`} tag the name, with classes after dots
 * @param {Record<string, any> | null} [attributes] properties starting with "on" are listeners; null and false are left out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = /** @type {HTMLElementTagNameMap[K]} */ (document.createElement(name));
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = [element.className, value].filter(Boolean).join(" ");
    else if (key === "value" || key === "checked" || key === "disabled") Object.assign(element, { [key]: value });
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** @param {Element} element @param {Child[]} children */
function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== null && child !== undefined && child !== false) element.append(child instanceof Node ? child : String(child));
  }
}

/** What an element holds, replaced. @param {Element} element @param {...Child} children */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...(Node | string)} children */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** The sprite's address, from the frame of the page. */
let sprite = "";

/** @param {string} address */
export const useSprite = (address) => {
  sprite = address;
};

/** An icon of the sprite. @param {string} name */
export function icon(name) {
  const use = svg("use", { href: `${sprite}#${name}` });
  return svg("svg", { class: "icon", "aria-hidden": "true" }, use);
}

/** @template {HTMLElement} T @param {string} selector @param {ParentNode} [root] @returns {T} */
export function one(selector, root = document) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return /** @type {T} */ (found);
}
