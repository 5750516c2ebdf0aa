/** The case in hand: what is known, what may be done, and what happens when somebody else was faster. */
import { ApiError } from "../api.js";
import { conversation } from "../conversation.js";
import { fill, h, icon } from "../dom.js";
import { timeChip } from "../format.js";
import { className, conditionText, t } from "../i18n.js";
import { mark, stateWord } from "../states.js";
import { both } from "../time.js";
import { complain, empty, failed, skeleton } from "../ui.js";
import { deadlineChips, whyFold } from "../why.js";
import { aroundList } from "./around.js";
import { duplicateDialog, linked } from "./duplicates.js";
import { clocks, facts, history, joinings, links, tasks } from "./facts.js";
import { keysFor } from "./keymap.js";
import { isDangerous, moveDialog, moveForm } from "./moves.js";
import { photoStrip } from "./photos.js";
import { proposalView } from "./proposal.js";
import { voiceList } from "./voices.js";

/** @typedef {import("./ahead.js").DeskCase} DeskCase */

/** The usual next step; a report that must be verified on site first cannot be filed yet. @param {CaseOut} item */
function usual(item) {
  const verify = item.must_verify && item.state === "reported" ? item.moves.find((move) => move.verb === "send_verify") : undefined;
  return verify ?? item.moves.find((move) => move.primary);
}

/** Who was faster, in one sentence. @param {ApiError} error */
export function overtakenText(error) {
  const { changed_by: who, changed_at: when } = Array.isArray(error.details) ? error.details[0] ?? {} : error.details ?? {};
  return who ? t("Changed by {name} at {time}: look again. Nothing of yours was written.", { name: who, time: both(when) }) : `${error.message} ${error.mend}`;
}

/**
 * @typedef {{ onloaded: (item: CaseOut) => void, onsend: (item: CaseOut) => void, onmoved: (item: CaseOut, verb: string) => void,
 *   onleft: (item: CaseOut, move: MoveOut) => boolean, onrefused: (item: CaseOut, error: ApiError | null) => void, onpick: (card: Card) => void }} CaseListeners
 * onleft     asked before a plain move is sent: true when the desk has gone on to the next case and does not wait
 * onrefused  the move was refused; with the error where it was not waited for, so that nobody else says it
 */

/**
 * @param {{ root: HTMLElement, api: import("../api.js").Api, ahead: ReturnType<typeof import("./ahead.js").readAhead>,
 *   departments: () => Promise<Named[]>, other: (id: string) => import("./leases.js").Lease | null, listeners: CaseListeners }} options
 */
export function caseView({ root, api, ahead, departments, other, listeners }) {
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
  /** @type {Record<string, string>} */
  let keys = {};
  /** Cases whose move is on its way. @type {Set<string>} */
  const sending = new Set();

  const nobody = () => fill(root, empty(t("No case in hand"), t("Choose one from the queue or on the map; ↓ takes the most urgent."), icon("mouse-pointer-click")));
  nobody();
  root.addEventListener("input", () => {
    dirty = true;
  });

  function drop() {
    item = null;
    primary = proposal = null;
    talk?.stop();
    talk = null;
  }

  /** @param {string} id */
  async function open(id) {
    wanted = id;
    dirty = false;
    if (!id) {
      drop();
      return nobody();
    }
    const asked = ahead.take(id);
    if (asked.ready) return draw(asked.ready);
    if (item?.id !== id) {
      drop();
      fill(root, skeleton(10));
    }
    try {
      const fresh = await asked.answer;
      if (wanted === id) draw(fresh);
    } catch (error) {
      if (wanted === id) fill(root, failed(error, () => open(id)));
    }
  }

  /** @param {DeskCase} found */
  function draw(found) {
    const fresh = found.case;
    drop();
    item = fresh;
    keys = keysFor(fresh.moves.filter((move) => move !== usual(fresh)));
    talk = conversation({ api, caseId: fresh.id, writes: fresh.moves.some((move) => move.verb === "message") });
    const box = h("div.act", { "data-act": "" });
    fill(root, h("div.case-scroll", { "data-shown-case": fresh.id },
      h("header.case-head", null,
        h("div", null, h("h2", null, className(fresh)), fresh.condition && h("p", null, conditionText(fresh))),
        h("div.case-state", null, h("span.chip", null, mark(fresh.state), stateWord(fresh.state)), timeChip(fresh)),
        h("p.small.quiet", null, fresh.number, " · ", fresh.class_code, fresh.handler && ` · ${t("in hand of {name}", { name: fresh.handler })}`)),
      deadlineChips(fresh),
      h("div", { "data-held": "" }),
      h("div", { "data-notice": "" }),
      linked(fresh, api, (id) => void open(id)),
      photoStrip(fresh.photos, api),
      voiceList(fresh.voices, api),
      box,
      facts(fresh), links(found.links, listeners.onpick), aroundList(found.around, listeners.onpick),
      talk.element, tasks(fresh), joinings(fresh), clocks(fresh), fresh.clocks.length > 0 && whyFold({ api, caseId: fresh.id }), history(fresh)));
    act(fresh, found.proposal, box);
    showLease();
    listeners.onloaded(fresh);
  }

  /** Who else has it open. */
  function showLease() {
    const box = root.querySelector("[data-held]");
    const lease = item && other(item.id);
    if (box) fill(box, lease && h("p.held", { role: "status" }, icon("user"), lease.ahead ? t("{name} takes this case next.", { name: lease.name }) : t("{name} has this case open since {time}.", { name: lease.name, time: both(lease.since) })));
  }

  /** @param {CaseOut} fresh @param {Proposal | null} found @param {HTMLElement} box */
  function act(fresh, found, box) {
    const moves = fresh.moves.filter((move) => move.verb !== "undo" || fresh.undo_until);
    if (!moves.some((move) => move.verb !== "message")) fill(box, h("p.quiet.small.idle", null, icon("lock"), t("Nothing for your post to do here now.")));
    const main = usual(fresh);
    const stage = h("div.act-main");
    const rest = moves.filter((move) => move !== main);
    box.append(stage, h("div.actions.act-others", { hidden: !rest.length }, rest.map((move) => h("button", {
      type: "button", class: isDangerous(move.verb) ? "danger" : "", "data-verb": move.verb, onclick: () => start(move),
    }, move.label, keys[move.verb] && h("kbd", null, keys[move.verb].toUpperCase())))));
    const undo = box.querySelector("[data-verb=undo]");
    // by the server's clock: what it gives is counted from now
    if (undo) setTimeout(() => undo.remove(), Date.parse(fresh.undo_until ?? "") - Date.parse(fresh.moved_at));
    if (!main) return;
    if (found && main.verb === "dispatch") {
      const view = proposalView({ proposal: found, move: main, departments, onaccept: (code) => send(main, code ? { organisation_code: code } : {}).catch(complain) });
      proposal = view;
      primary = { does: t("Accept the proposal and take the next case"), run: view.accept };
      fill(stage, view.element);
    } else if (!main.asks.length) {
      fill(stage, h("button.primary", { type: "button", "data-verb": main.verb, onclick: () => start(main) }, main.label, h("kbd", null, "⏎")));
      primary = { does: main.label, run: () => start(main) };
    } else {
      const { form, submit } = moveForm({
        move: main, item: fresh, api, send: (args) => send(main, args),
        button: h("button.primary", null, main.label, h("kbd", null, "⏎")),
      });
      fill(stage, form);
      primary = { does: main.label, run: () => void submit() };
    }
  }

  /** @param {MoveOut} move */
  function start(move) {
    const now = item;
    if (!now) return;
    if (move.verb === "message") return /** @type {HTMLElement | null} */ (talk?.element.querySelector("textarea"))?.focus();
    if (move.verb === "mark_duplicate") duplicateDialog({ api, item: now, send: (args) => send(move, args) });
    else if (move.asks.length || isDangerous(move.verb)) moveDialog({ move, item: now, api, send: (args) => send(move, args) });
    else void send(move, {}).catch(complain);
  }

  /**
   * A plain decision does not keep her waiting: the next case is there at once, and a refusal comes as a word about this
   * one. What she has typed or photographed is waited for, so that a refusal finds it still in its fields.
   * @param {MoveOut} move @param {Record<string, unknown>} args
   */
  async function send(move, args) {
    const now = item;
    if (!now || sending.has(now.id)) return;
    sending.add(now.id);
    listeners.onsend(now);
    const plain = !dirty && !document.querySelector("dialog[open]");
    const answer = /** @type {Promise<CaseOut>} */ (api.post(`/cases/${now.id}/moves/${move.verb}`, { version: now.version, ...args }));
    const left = plain && listeners.onleft(now, move);
    if (!left) root.classList.add("sending");
    try {
      const moved = await answer;
      if (!left) dirty = false;
      listeners.onmoved(moved, move.verb);
      if (wanted === moved.id) await open(moved.id);
    } catch (error) {
      if (left) {
        if (!(error instanceof ApiError)) throw error;
        listeners.onrefused(now, error);
      } else {
        listeners.onrefused(now, null);
        if (error instanceof ApiError && error.status === 409) await overtaken(error);
        else throw error;
      }
    } finally {
      sending.delete(now.id);
      if (!left) root.classList.remove("sending");
    }
  }

  /** Somebody was faster: nothing was written; show the case as it is now and say who. @param {ApiError} error */
  async function overtaken(error) {
    document.querySelectorAll("dialog[open]").forEach((box) => /** @type {HTMLDialogElement} */ (box).close());
    ahead.forget(wanted);
    await open(wanted);
    notice(overtakenText(error));
  }

  /** @param {string} text @param {() => void} [look] */
  function notice(text, look) {
    const box = root.querySelector("[data-notice]");
    if (box) fill(box, h("p.notice", { role: "alert" }, icon("triangle-alert"), h("span", null, text), look && h("button", { type: "button", onclick: look }, t("Look again"))));
  }

  return {
    open, notice, showLease,
    current: () => item,
    /** Its own move is on its way: what the journal says of it meanwhile is that move. @param {string} id */
    sends: (id) => sending.has(id),
    /** A journal entry about the case in hand. @param {Entry} entry */
    heard(entry) {
      if (!item || entry.case_id !== item.id || sending.has(item.id)) return;
      if (entry.card && entry.card.version <= item.version) return;
      if (entry.verb === "message") return talk?.heard(entry);
      if (entry.gone) return notice(t("This case has gone out of your sight."));
      const what = t("Meanwhile: {what}, {time}. Look again before you go on.", { what: entry.label, time: both(entry.at) });
      if (dirty) return notice(what, () => open(wanted));
      const { id } = item;
      void open(id).then(() => item?.id === id && notice(t("Meanwhile: {what}, {time}. This is how it stands now.", { what: entry.label, time: both(entry.at) })));
    },
    bindings() {
      /** @type {import("../keys.js").Binding[]} */
      const list = [];
      if (primary) list.push({ key: "Enter", shown: "⏎", does: primary.does, run: primary.run });
      if (proposal) {
        const view = proposal;
        for (let n = 0; view.count() && n <= view.count(); n += 1) {
          list.push({ key: String(n), does: n === 0 ? t("Back to the proposal") : t("Choose department {n}", { n }), run: () => view.pick(n) });
        }
        list.push({ key: "i", shown: "I", does: t("Any department …"), run: view.any });
      }
      for (const move of item?.moves ?? []) {
        const key = keys[move.verb];
        if (key) list.push({ key, shown: key.toUpperCase(), does: move.label, run: () => start(move) });
      }
      return list;
    },
  };
}
