/**
 * The queue of a desk: most urgent first. The chosen row stays under the hand: what arrives above it scrolls away
 * upwards and is counted in a quiet line.
 */
import { fill, h, icon } from "../dom.js";
import { className, conditionText, named, number, t, tn } from "../i18n.js";
import { mark, ring } from "../states.js";
import { timeLeft } from "../time.js";
import { empty, skeleton } from "../ui.js";

/**
 * @param {{ root: HTMLElement, queues: { id: string, title: string }[], onqueue: (id: string) => void, onpick: (card: Card) => void }} options
 */
export function queueView({ root, queues, onqueue, onpick }) {
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  /** @type {Card[]} */
  let cards = [];
  let chosen = "";
  let active = queues[0].id;
  let total = 0;
  /** Came while the reader looked elsewhere. @type {Set<string>} */
  const above = new Set();

  const tabs = h("div.queue-tabs", { role: "tablist", "aria-label": t("Queues") });
  const search = h("input", { type: "search", placeholder: t("Search the queue"), "aria-label": t("Search the queue"), oninput: () => show(cards, none(), total) });
  const late = h("input", { type: "checkbox", onchange: () => show(cards, none(), total) });
  const news = h("button.news", { type: "button", hidden: true, onclick: toTop });
  const list = h("div.rows", { "aria-label": t("Cases"), tabindex: "-1" });
  const scroll = h("div.queue-scroll", null, list);
  const foot = h("p.queue-foot.small.quiet");
  fill(
    root, tabs,
    h("div.queue-tools", null, h("span.search", null, icon("search"), search), h("label.late", null, late, t("overdue only"))),
    h("div.queue-body", null, news, scroll), foot,
  );
  say(skeleton(8));

  scroll.addEventListener("scroll", () => {
    if (scroll.scrollTop < 8) {
      above.clear();
      tell();
    }
  });

  /** A sentence in place of rows; then the list is no list box, which must hold options. @param {Node} block */
  function say(block) {
    list.setAttribute("role", "group");
    rows.clear();
    fill(list, block);
  }

  function toTop() {
    above.clear();
    tell();
    scroll.scrollTo({ top: 0, behavior: "smooth" });
  }

  function tell() {
    news.hidden = above.size === 0;
    fill(news, icon("arrow-up"), tn("{n} new above", "{n} new above", above.size));
  }

  const none = () => ({ came: new Set(), left: new Set(), changed: new Set() });

  /** @param {Record<string, { count: number, overdue: number }>} counts */
  function counts(counts) {
    fill(tabs, queues.map(({ id, title }) => {
      const count = id === active ? { count: total, overdue: counts[id]?.overdue ?? 0 } : counts[id];
      return h("button", {
        type: "button", role: "tab", "aria-selected": String(id === active), "data-queue": id, onclick: () => {
          if (id === active) return;
          active = id;
          above.clear();
          tell();
          say(skeleton(8));
          counts[id] ??= { count: 0, overdue: 0 };
          [...tabs.children].forEach((tab) => tab.setAttribute("aria-selected", String(tab.getAttribute("data-queue") === id)));
          onqueue(id);
        },
      }, title, count && h("b", null, number(count.count)), count?.overdue ? h("em", null, tn("{n} overdue", "{n} overdue", count.overdue)) : null);
    }));
  }

  /** @param {Card} card */
  const matches = (card) => {
    const words = search.value.trim().toLowerCase();
    if (late.checked && timeLeft(card, new Date()).state !== "overdue") return false;
    if (!words) return true;
    const text = [card.number, card.class_code, card.class_name, card.class_name_en, card.condition, card.cell_code, named(card.community), named(card.street), named(card.organisation)];
    return text.join(" ").toLowerCase().includes(words);
  };

  /** @param {Card[]} items @param {{ came: Set<string>, left: Set<string>, changed: Set<string> }} change @param {number} count */
  function show(items, change, count) {
    cards = items;
    total = count;
    const visible = items.filter(matches);
    const anchor = rows.get(chosen) ?? firstInView();
    const before = anchor?.offsetTop ?? 0;
    const scrolled = scroll.scrollTop;
    const gone = new Set(rows.keys());
    /** @type {Element | null} */
    let place = null;
    list.querySelectorAll(":scope > :not([data-id])").forEach((node) => node.remove());
    for (const card of visible) {
      gone.delete(card.id);
      const old = rows.get(card.id);
      const row = old && !change.changed.has(card.id) && old.dataset.version === String(card.version) ? old : drawRow(card, old);
      rows.set(card.id, row);
      /** @type {Element | null} */
      const next = place ? place.nextElementSibling : list.firstElementChild;
      if (next !== row) list.insertBefore(row, next);
      if (change.came.has(card.id) || change.changed.has(card.id)) glow(row);
      place = row;
    }
    for (const id of gone) {
      rows.get(id)?.remove();
      rows.delete(id);
    }
    if (!visible.length) say(nothing());
    else list.setAttribute("role", "listbox");
    if (anchor?.isConnected && (scrolled > 0 || anchor.dataset.id === chosen)) {
      scroll.scrollTop = scrolled + anchor.offsetTop - before;
      for (const id of change.came) {
        const row = rows.get(id);
        if (row && row.offsetTop < scroll.scrollTop) above.add(id);
      }
    }
    tell();
    const shown = visible.length;
    fill(foot, shown < count ? t("{shown} of {count} shown, most urgent first", { shown: number(shown), count: number(count) }) : t("most urgent first"));
    const own = tabs.querySelector("[aria-selected=true] b");
    if (own) own.textContent = number(count);
  }

  const nothing = () => (search.value || late.checked
    ? empty(t("Nothing matches"), t("Clear the search to see the whole queue."))
    : empty(t("The queue is empty"), t("New cases appear here by themselves, the most urgent first."), icon("circle-check")));

  function firstInView() {
    return [...rows.values()].find((row) => row.offsetTop >= scroll.scrollTop);
  }

  /** @param {Card} card @param {HTMLElement} [old] */
  function drawRow(card, old) {
    const row = old ?? h("div.row", {
      role: "option", "data-id": card.id, "data-enter-acts": "", tabindex: "-1", onclick: () => onpick(current(card.id) ?? card),
    });
    row.dataset.version = String(card.version);
    row.setAttribute("aria-selected", String(card.id === chosen));
    const left = timeLeft(card, new Date());
    fill(
      row,
      h("span.row-mark", null, mark(card.state)),
      h("b.row-what", null, className(card)),
      h("span.row-where.quiet", null, [card.condition && conditionText(card), named(card.community), named(card.street)].filter(Boolean).join(" · ") || card.cell_code),
      h("span.time.row-time", { class: left.state }, ring(left), h("span", null, left.word)),
    );
    return row;
  }

  /** @param {string} id */
  const current = (id) => cards.find((card) => card.id === id);

  /** @param {HTMLElement} row */
  function glow(row) {
    row.classList.remove("glow");
    void row.offsetWidth;
    row.classList.add("glow");
  }

  setInterval(() => {
    for (const card of cards) {
      const row = rows.get(card.id);
      const time = row?.querySelector(".row-time");
      if (!row || !time) continue;
      const left = timeLeft(card, new Date());
      if (time.lastElementChild?.textContent === left.word) continue;
      time.className = `time row-time ${left.state}`;
      fill(time, ring(left), h("span", null, left.word));
    }
  }, 10_000);

  return {
    show, counts,
    active: () => active,
    /** @param {unknown} error @param {Node} block */
    failed: (error, block) => say(block),
    /** @param {string} id */
    choose(id) {
      rows.get(chosen)?.setAttribute("aria-selected", "false");
      chosen = id;
      const row = rows.get(id);
      row?.setAttribute("aria-selected", "true");
      row?.scrollIntoView({ block: "nearest" });
    },
    /** The row after (or before) one, as the list stands. @param {string} id @param {1 | -1} step */
    beside(id, step) {
      const ids = [...list.children].map((row) => /** @type {HTMLElement} */ (row).dataset.id).filter(Boolean);
      const at = ids.indexOf(id);
      const next = at < 0 ? ids[0] : ids[at + step];
      return (next !== undefined && cards.find((card) => card.id === next)) || null;
    },
    focusSearch: () => search.focus(),
  };
}
