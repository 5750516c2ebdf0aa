/** The case in hand: what is known, what may be done, and what happens when somebody else was faster. */
import { ApiError } from "../api.js";
import { conversation } from "../conversation.js";
import { fill, h, icon } from "../dom.js";
import { timeChip } from "../format.js";
import { className, conditionText, t } from "../i18n.js";
import { mark, stateWord } from "../states.js";
import { both } from "../time.js";
import { complain, empty, failed, skeleton } from "../ui.js";
import { duplicateDialog, linked } from "./duplicates.js";
import { clocks, facts, history, joinings, tasks } from "./facts.js";
import { isDangerous, keyOf, moveDialog, moveForm } from "./moves.js";
import { photoStrip } from "./photos.js";
import { proposalView } from "./proposal.js";
import { voiceList } from "./voices.js";

/** The usual next step; a report that must be verified on site first cannot be filed yet. @param {CaseOut} item */
function usual(item) {
  const verify = item.must_verify && item.state === "reported" ? item.moves.find((move) => move.verb === "send_verify") : undefined;
  return verify ?? item.moves.find((move) => move.primary);
}

/**
 * @param {{ root: HTMLElement, api: import("../api.js").Api,
 *   onloaded: (item: CaseOut) => void, onsend: (item: CaseOut) => void, onmoved: (item: CaseOut, verb: string) => void }} options
 */
export function caseView({ root, api, onloaded, onsend, onmoved }) {
  /** @type {CaseOut | null} */
  let item = null;
  let wanted = "";
  let dirty = false;
  /** The usual next step, on Enter. @type {{ does: string, run: () => void } | null} */
  let primary = null;
  /** @type {ReturnType<typeof proposalView> | null} */
  let proposal = null;
  /** What is said on the case in hand. @type {ReturnType<typeof conversation> | null} */
  let talk = null;

  const nobody = () => fill(root, empty(t("No case in hand"), t("Choose one from the queue or on the map; ↓ takes the most urgent."), icon("mouse-pointer-click")));
  nobody();
  root.addEventListener("input", () => {
    dirty = true;
  });

  /** @param {string} id */
  async function open(id) {
    wanted = id;
    dirty = false;
    if (!id) {
      item = null;
      primary = proposal = null;
      return nobody();
    }
    if (item?.id !== id) {
      item = null;
      primary = proposal = null;
      fill(root, skeleton(10));
    }
    try {
      const fresh = /** @type {CaseOut} */ (await api.get(`/cases/${id}`));
      if (wanted !== id) return;
      draw(fresh);
      onloaded(fresh);
    } catch (error) {
      if (wanted === id) fill(root, failed(error, () => open(id)));
    }
  }

  /** @param {CaseOut} fresh */
  function draw(fresh) {
    item = fresh;
    primary = proposal = null;
    talk?.stop();
    talk = conversation({ api, caseId: fresh.id, writes: fresh.moves.some((move) => move.verb === "message") });
    const scroll = h("div.case-scroll", null,
      h("header.case-head", null,
        h("div", null, h("h2", null, className(fresh)), fresh.condition && h("p", null, conditionText(fresh))),
        h("div.case-state", null, h("span.chip", null, mark(fresh.state), stateWord(fresh.state)), timeChip(fresh)),
        h("p.small.quiet", null, fresh.number, " · ", fresh.class_code)),
      h("div", { "data-notice": "" }),
      linked(fresh, api, (id) => void open(id)),
      photoStrip(fresh.photos, api),
      voiceList(fresh.voices, api),
      h("div.act", { "data-act": "" }),
      talk.element, facts(fresh), tasks(fresh), joinings(fresh), clocks(fresh), history(fresh));
    fill(root, scroll);
    act(fresh, /** @type {HTMLElement} */ (scroll.querySelector("[data-act]")));
  }

  /** @param {CaseOut} fresh @param {HTMLElement} box */
  function act(fresh, box) {
    if (!fresh.moves.some((move) => move.verb !== "message")) {
      fill(box, h("p.quiet.small.idle", null, icon("lock"), t("Nothing for your post to do here now.")));
      return;
    }
    const main = usual(fresh);
    // what is said has its own place further down
    const others = fresh.moves.filter((move) => move !== main && move.verb !== "message");
    const stage = h("div.act-main");
    fill(box, stage, others.length > 0 && h("div.actions.act-others", null, others.map((move) => h("button", {
      type: "button", class: isDangerous(move.verb) ? "danger" : "", "data-verb": move.verb, onclick: () => start(move),
    }, move.label, keyOf(move.verb) && h("kbd", null, keyOf(move.verb).toUpperCase())))));
    if (!main) return;
    if (main.verb === "dispatch") return void propose(fresh, main, stage);
    if (!main.asks.length) {
      fill(stage, h("button.primary", { type: "button", "data-verb": main.verb, onclick: () => start(main) }, main.label, h("kbd", null, "⏎")));
      primary = { does: main.label, run: () => start(main) };
      return;
    }
    const { form, submit } = moveForm({
      move: main, item: fresh, api, send: (args) => send(main, args),
      button: h("button.primary", null, main.label, h("kbd", null, "⏎")),
    });
    fill(stage, form);
    primary = { does: main.label, run: () => void submit() };
  }

  /** @param {CaseOut} fresh @param {MoveOut} move @param {HTMLElement} stage */
  async function propose(fresh, move, stage) {
    fill(stage, skeleton(4));
    try {
      const answer = /** @type {Proposal} */ (await api.get(`/cases/${fresh.id}/proposal`));
      if (item !== fresh) return;
      const view = proposalView({
        proposal: answer, move,
        onaccept: (code) => send(move, code ? { organisation_code: code } : {}).catch(complain),
      });
      proposal = view;
      primary = { does: t("Accept the proposal and take the next case"), run: view.accept };
      fill(stage, view.element);
    } catch (error) {
      if (item === fresh) fill(stage, failed(error, () => propose(fresh, move, stage)));
    }
  }

  /** @param {MoveOut} move */
  function start(move) {
    const now = item;
    if (!now) return;
    if (move.verb === "mark_duplicate") duplicateDialog({ api, item: now, send: (args) => send(move, args) });
    else if (move.asks.length || isDangerous(move.verb)) moveDialog({ move, item: now, api, send: (args) => send(move, args) });
    else void send(move, {}).catch(complain);
  }

  let sending = false;

  /** @param {MoveOut} move @param {Record<string, unknown>} args */
  async function send(move, args) {
    if (!item || sending) return;
    sending = true;
    onsend(item);
    root.classList.add("sending");
    try {
      const answer = /** @type {CaseOut} */ (await api.post(`/cases/${item.id}/moves/${move.verb}`, { version: item.version, ...args }));
      dirty = false;
      if (wanted === answer.id) draw(answer);
      onmoved(answer, move.verb);
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) await overtaken(error);
      else throw error;
    } finally {
      sending = false;
      root.classList.remove("sending");
    }
  }

  /** Somebody was faster: nothing was written; show the case as it is now and say who. @param {ApiError} error */
  async function overtaken(error) {
    const { changed_by: who, changed_at: when } = Array.isArray(error.details) ? error.details[0] ?? {} : error.details ?? {};
    document.querySelectorAll("dialog[open]").forEach((box) => /** @type {HTMLDialogElement} */ (box).close());
    await open(wanted);
    notice(who ? t("Changed by {name} at {time}: look again. Nothing of yours was written.", { name: who, time: both(when) }) : `${error.message} ${error.mend}`);
  }

  /** @param {string} text @param {() => void} [look] */
  function notice(text, look) {
    const box = root.querySelector("[data-notice]");
    if (box) fill(box, h("p.notice", { role: "alert" }, icon("triangle-alert"), h("span", null, text), look && h("button", { type: "button", onclick: look }, t("Look again"))));
  }

  return {
    open,
    current: () => item,
    /** A journal entry about the case in hand. @param {Entry} entry */
    heard(entry) {
      if (!item || entry.case_id !== item.id || sending) return;
      if (entry.card && entry.card.version <= item.version) return;
      if (entry.verb === "message") return talk?.heard(entry);
      if (entry.gone) return notice(t("This case has gone out of your sight."));
      if (!dirty) return void open(item.id);
      notice(t("Meanwhile: {what}, {time}. Look again before you go on.", { what: entry.label, time: both(entry.at) }), () => open(wanted));
    },
    bindings() {
      /** @type {import("../keys.js").Binding[]} */
      const list = [];
      if (primary) list.push({ key: "Enter", shown: "⏎", does: primary.does, run: primary.run });
      if (proposal) {
        const view = proposal;
        for (let n = 0; view.count && n <= view.count; n += 1) {
          list.push({ key: String(n), does: n === 0 ? t("Back to the proposal") : t("Choose department {n}", { n }), run: () => view.pick(n) });
        }
      }
      for (const move of item?.moves ?? []) {
        if (move !== usual(/** @type {CaseOut} */ (item)) && keyOf(move.verb)) list.push({ key: keyOf(move.verb), shown: keyOf(move.verb).toUpperCase(), does: move.label, run: () => start(move) });
      }
      return list;
    },
  };
}
