/** What may be done with a case now. The server says which moves; here is what each one asks for. */
import { ApiError } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { dialog } from "../ui.js";
import { photoPicker } from "./photos.js";

/** What else a move may carry. */
const OFFERS = /** @type {Record<string, string[]>} */ ({
  file: ["note"], accept: ["handler"], split: ["note"], finish: ["note"], close: ["note"], withdraw: ["reason"],
});

const DANGER = new Set(["decline", "void", "force_close", "withdraw"]);

/** @param {string} verb */
export const isDangerous = (verb) => DANGER.has(verb);

/** @param {MoveOut} move */
export const fieldsOf = (move) => [...move.asks, ...(OFFERS[move.verb] ?? [])];

/** @typedef {{ element: HTMLElement, value: () => Promise<unknown> | unknown, focus?: () => void }} Field */

/** Words that come up every day, one tap instead of typing. @param {string} verb @returns {string[]} */
function usualReasons(verb) {
  /** @type {Record<string, string[]>} */
  const reasons = {
    return: [t("Not our component"), t("Outside our area"), t("Wrong class"), t("Photo does not show the problem")],
    decline: [t("Not found on site"), t("Meets no filing condition"), t("Already filed")],
    send_back: [t("Condition does not fit"), t("Place is unclear"), t("Duplicate")],
    rework: [t("Not mended"), t("Only partly mended"), t("Site not cleared")],
    cancel_dispatch: [t("Sent to the wrong department")],
    void: [t("Filed by mistake"), t("Duplicate")],
    force_close: [t("Cannot be mended now"), t("Settled another way")],
  };
  return reasons[verb] ?? [];
}

/** @param {string} name @param {MoveOut} move @param {CaseOut} item @param {import("../api.js").Api} api @returns {Field} */
function field(name, move, item, api) {
  const id = `${move.verb}-${name}`;
  const asked = move.asks.includes(name);
  if (name === "condition_id") return conditionField(item);
  if (name === "result") return resultField(move.verb);
  if (name === "class_id") return classField(api);
  if (name === "photos") {
    const picker = photoPicker({ label: t("Photo after handling") });
    return {
      element: h("div.field", { "data-field": name }, picker.element, h("p.hint", null, t("From where the first photo was taken; at least one."))),
      async value() {
        const photos = picker.photos();
        const kind = { finish: "finish", answer_check: "check", answer_verify: "verify" }[move.verb] ?? "report";
        for (const photo of photos) await api.photo(photo.id, photo.blob, kind);
        return photos.map((photo) => photo.id);
      },
    };
  }
  const label = { reason: t("Reason"), note: t("Note"), closing: t("Closing condition"), handler: t("Handler"), days: t("Days") }[name] ?? name;
  const long = name === "reason" || name === "note";
  const input = long ? h("textarea", { id, name, rows: asked ? 3 : 1 }) : h("input", { id, name, type: name === "days" ? "number" : "text", min: name === "days" ? 1 : null });
  if (name === "closing") input.value = item.closing;
  const chips = name === "reason" ? usualReasons(move.verb) : [];
  return {
    element: h("div.field", { "data-field": name },
      h("label", { for: id }, label, !asked && h("span.quiet", null, ` ${t("(optional)")}`)),
      chips.length > 0 && h("div.choices.usual", null, chips.map((text) => h("button", {
        type: "button", onclick: () => {
          input.value = text;
          input.dispatchEvent(new Event("input", { bubbles: true }));
          input.focus();
        },
      }, text))),
      input),
    value: () => (name === "days" && input.value ? Number(input.value) : input.value.trim()),
    focus: () => input.focus(),
  };
}

/** @param {CaseOut} item @returns {Field} */
function conditionField(item) {
  const first = item.conditions.find((condition) => condition.id === item.condition_id) ?? item.conditions[0];
  const box = h("div.choices.column", { role: "radiogroup", "aria-label": t("Filing condition") }, item.conditions.map((condition) => h("label.choice", null,
    h("input", { type: "radio", name: "condition_id", value: String(condition.id), checked: condition === first }),
    h("span", null, h("span", null, condition.text), h("b.nowrap", null, condition.limit_text)))));
  return {
    element: h("div.field", { "data-field": "condition_id" }, h("h3", null, t("Filed under")),
      item.conditions.length ? box : h("p.quiet", null, t("This class has no filing condition; it cannot be filed."))),
    value: () => {
      const chosen = /** @type {HTMLInputElement | null} */ (box.querySelector("input:checked"));
      return chosen ? Number(chosen.value) : null;
    },
  };
}

/** A class by a part of its name, pinyin or code; the first that fits is chosen. @param {import("../api.js").Api} api @returns {Field} */
function classField(api) {
  const search = h("input", { type: "search", id: "split-class", autocomplete: "off" });
  const box = h("div.choices.column", { role: "radiogroup", "aria-label": t("Class") });
  /** @type {Promise<unknown>} */
  let asked = Promise.resolve();
  const look = async () => {
    const words = search.value.trim();
    const { items } = words ? /** @type {{ items: ClassOut[] }} */ (await api.get("/classes", { q: words })) : { items: [] };
    if (words !== search.value.trim()) return;
    fill(box, items.slice(0, 8).map((one, n) => h("label.choice", null,
      h("input", { type: "radio", name: "class_id", value: String(one.id), checked: n === 0 }), h("span", null, h("b", null, one.name), " ", h("span.quiet", null, one.code)))));
  };
  search.addEventListener("input", () => {
    asked = look();
  });
  return {
    element: h("div.field", { "data-field": "class_id" }, h("label", { for: search.id }, t("What is the other problem?")), search, box),
    async value() {
      await asked;
      const chosen = /** @type {HTMLInputElement | null} */ (box.querySelector("input:checked"));
      return chosen ? Number(chosen.value) : null;
    },
    focus: () => search.focus(),
  };
}

/** @param {string} verb @returns {Field} */
function resultField(verb) {
  const choices = verb === "answer_verify"
    ? [["exists", t("It is there")], ["not_exists", t("It is not there")], ["cannot_tell", t("Cannot tell")]]
    : [["pass", t("Mended")], ["fail", t("Not mended")], ["cannot_tell", t("Cannot tell")]];
  const box = h("div.choices", { role: "radiogroup", "aria-label": t("Result") }, choices.map(([value, word]) =>
    h("label.choice", null, h("input", { type: "radio", name: "result", value }), h("span", null, word))));
  return {
    element: h("div.field", { "data-field": "result" }, box),
    value: () => /** @type {HTMLInputElement | null} */ (box.querySelector("input:checked"))?.value ?? "",
  };
}

/**
 * The form of a move. `send` rejects with the server's refusal, which is shown at its field.
 * @param {{ move: MoveOut, item: CaseOut, api: import("../api.js").Api, send: (args: Record<string, unknown>) => Promise<void>, button: HTMLElement }} options
 */
export function moveForm({ move, item, api, send, button }) {
  const fields = fieldsOf(move).map((name) => ({ name, ...field(name, move, item, api) }));
  const fault = h("p.fault", { role: "alert", hidden: true });
  const form = h("form.move", { novalidate: true, "data-verb": move.verb }, fields.map((entry) => entry.element), fault, h("div.actions", null, button));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });

  async function submit() {
    const submitter = /** @type {HTMLButtonElement} */ (form.querySelector("button:not([type=button])"));
    if (submitter.disabled) return;
    fault.hidden = true;
    form.querySelectorAll(".wrong").forEach((element) => element.classList.remove("wrong"));
    submitter.disabled = true;
    submitter.classList.add("busy");
    try {
      /** @type {Record<string, unknown>} */
      const args = {};
      for (const entry of fields) {
        const value = await entry.value();
        if (value !== "" && value !== null && !(Array.isArray(value) && !value.length && !move.asks.includes(entry.name))) args[entry.name] = value;
      }
      const missing = fields.find((entry) => move.asks.includes(entry.name) && (args[entry.name] === undefined || /** @type {any} */ (args[entry.name]).length === 0));
      if (missing) throw new ApiError(422, { code: "invalid", field: missing.name, message: askFor(missing.name) });
      await send(args);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fault.hidden = false;
      fill(fault, error.message, error.mend && h("span.quiet", null, ` ${error.mend}`));
      const wrong = form.querySelector(`[data-field="${error.field}"]`);
      wrong?.classList.add("wrong");
      /** @type {HTMLElement | null} */ (wrong?.querySelector("textarea, input:not(.visually-hidden)"))?.focus();
    } finally {
      submitter.disabled = false;
      submitter.classList.remove("busy");
    }
  }

  return { form, submit, focus: () => fields.find((entry) => entry.focus)?.focus?.() };
}

/** @param {string} name */
function askFor(name) {
  /** @type {Record<string, string>} */
  const words = {
    reason: t("Say why."), photos: t("Add at least one photo."), condition_id: t("Choose the condition it is filed under."),
    class_id: t("Choose what the other problem is."), result: t("Choose what you found."), closing: t("Say which closing condition is met."),
  };
  return words[name] ?? t("This is needed.");
}

/** A move that asks something, in a dialog of its own. @param {Omit<Parameters<typeof moveForm>[0], "button">} options */
export function moveDialog(options) {
  const { move } = options;
  const button = h("button", { class: isDangerous(move.verb) ? "danger" : "primary" }, move.label);
  const { form, focus } = moveForm({
    ...options, button, send: async (args) => {
      await options.send(args);
      box.close();
    },
  });
  const { box } = dialog(move.label, form);
  focus();
}
