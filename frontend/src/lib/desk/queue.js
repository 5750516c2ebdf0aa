/**
 * The queue of a desk: most urgent first. The chosen row stays under the hand until she leaves it: what arrives above it
 * scrolls away upwards and is counted in a quiet line, what leaves above it leaves a gap, and when its own case has gone
 * elsewhere the row stays, marked, where it is.
 */
import { fill, h, icon } from "../dom.js";
import { className, conditionText, named, number, t, tn } from "../i18n.js";
import { mark, ring } from "../states.js";
import { timeLeft } from "../time.js";
import { empty, skeleton } from "../ui.js";

/**
 * @param {{ root: HTMLElement, queues: { id: string, title: string }[], onqueue: (id: string) => void, onpick: (card: Card) => void,
 *   other: (id: string) => import("./leases.js").Lease | null, onselect?: (picked: Card[]) => void }} options
 * other     who else has a case open
 * onselect  the cases picked for one move of many have changed
 */
export function queueView({ root, queues, onqueue, onpick, other, onselect = () => {} }) {
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  /** @type {Card[]} */
  let cards = [];
  let chosen = "";
  let active = queues[0].id;
  let total = 0;
  /** Came while the reader looked elsewhere. @type {Set<string>} */
  const above = new Set();
  /** Picked for one move of many; null while none are being picked. @type {Set<string> | null} */
  let picked = null;

  const tabs = h("div.queue-tabs", { role: "tablist", "aria-label": t("Queues") });
  const search = h("input", { type: "search", placeholder: t("Search the queue"), "aria-label": t("Search the queue"), oninput: () => show(cards, none(), total) });
  const late = h("input", { type: "checkbox", onchange: () => show(cards, none(), total) });
  const news = h("button.news", { type: "button", hidden: true, onclick: toTop });
  const list = h("div.rows", { "aria-label": t("Cases"), tabindex: "-1" });
  const gap = h("div.queue-gap");
  const scroll = h("div.queue-scroll", null, gap, list);
  const bar = h("div.bulk", { hidden: true, role: "group", "aria-label": t("Many at once") });
  const foot = h("p.queue-foot.small.quiet");
  fill(
    root, tabs,
    h("div.queue-tools", null, h("span.search", null, icon("search"), search), h("label.late", null, late, t("overdue only")),
      h("button.bare", { type: "button", "data-bulk-toggle": "", "aria-label": t("Many at once"), title: `${t("Many at once")} (B)` }, icon("list-checks"))),
    bar, h("div.queue-body", null, news, scroll), foot,
  );
  say(skeleton(8));

  scroll.addEventListener("scroll", () => {
    if (scroll.scrollTop < 8) {
      if (chosen === "" || !rows.has(chosen)) gap.style.height = "0";
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
    const visible = keepChosen(items.filter(matches));
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
      row.classList.toggle("left", card.id === chosen && !cards.some((one) => one.id === chosen));
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
      hold(scrolled + anchor.offsetTop - before);
      for (const id of change.came) {
        const row = rows.get(id);
        if (row && row.offsetTop < scroll.scrollTop) above.add(id);
      }
    }
    tell();
    if (picked) {
      for (const id of [...picked]) if (!cards.some((card) => card.id === id)) picked.delete(id);
      select();
    }
    const shown = visible.length;
    fill(foot, shown < count ? t("{shown} of {count} shown, most urgent first", { shown: number(shown), count: number(count) }) : t("most urgent first"));
    const own = tabs.querySelector("[aria-selected=true] b");
    if (own) own.textContent = number(count);
  }

  /** The chosen row's case has left the list: it keeps its place until she leaves it. @param {Card[]} visible */
  function keepChosen(visible) {
    const row = rows.get(chosen);
    const card = shownCards.get(chosen);
    if (!row || !card || visible.some((one) => one.id === chosen)) return visible;
    const ids = new Set(visible.map((one) => one.id));
    let before = row.previousElementSibling;
    while (before && !ids.has(/** @type {HTMLElement} */ (before).dataset.id ?? "")) before = before.previousElementSibling;
    const at = before ? visible.findIndex((one) => one.id === /** @type {HTMLElement} */ (before).dataset.id) + 1 : 0;
    return [...visible.slice(0, at), card, ...visible.slice(at)];
  }

  /** Scroll so that nothing moves under the hand; where the list is too short for that, a gap above makes it long enough. @param {number} wanted */
  function hold(wanted) {
    const height = gap.offsetHeight;
    const change = wanted < 0 ? -wanted : -Math.min(height, wanted);
    if (change) gap.style.height = `${height + change}px`;
    scroll.scrollTop = Math.max(0, wanted + change);
  }

  /** @type {Map<string, Card>} */
  const shownCards = new Map();

  const nothing = () => (search.value || late.checked
    ? empty(t("Nothing matches"), t("Clear the search to see the whole queue."))
    : empty(t("The queue is empty"), t("New cases appear here by themselves, the most urgent first."), icon("circle-check")));

  function firstInView() {
    return [...rows.values()].find((row) => row.offsetTop >= scroll.scrollTop);
  }

  /** @param {Card} card @param {HTMLElement} [old] */
  function drawRow(card, old) {
    const row = old ?? h("div.row", {
      role: "option", "data-id": card.id, "data-enter-acts": "", tabindex: "-1", onclick: () => (picked ? toggle(card.id) : onpick(current(card.id) ?? card)),
    });
    row.dataset.version = String(card.version);
    shownCards.set(card.id, card);
    row.setAttribute("aria-selected", String(card.id === chosen));
    if (picked) row.setAttribute("aria-checked", String(picked.has(card.id)));
    else row.removeAttribute("aria-checked");
    const left = timeLeft(card, new Date());
    const lease = other(card.id);
    row.classList.toggle("taken", lease !== null);
    fill(
      row,
      h("span.row-mark", null, !picked ? mark(card.state) : picked.has(card.id) ? icon("square-check") : icon("square")),
      h("b.row-what", null, className(card)),
      h("span.row-where.quiet", null, lease && h("span.row-taken", null, icon("user"), lease.name, " · "), [card.condition && conditionText(card), named(card.community), named(card.street)].filter(Boolean).join(" · ") || card.cell_code),
      h("span.time.row-time", { class: left.state }, ring(left), h("span", null, left.word)),
    );
    return row;
  }

  const order = () => [...list.children].map((row) => /** @type {HTMLElement} */ (row).dataset.id ?? "").filter(Boolean);

  /** @param {string} id */
  const current = (id) => cards.find((card) => card.id === id);

  function redraw() {
    for (const [id, row] of rows) {
      const card = shownCards.get(id);
      if (card) drawRow(card, row);
    }
  }

  function select() {
    onselect(picked ? cards.filter((card) => picked?.has(card.id)) : []);
  }

  /** @param {string} id */
  function toggle(id) {
    if (!picked) return;
    if (!picked.delete(id)) picked.add(id);
    const row = rows.get(id);
    const card = shownCards.get(id);
    if (row && card) drawRow(card, row);
    select();
  }

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
      const gone = chosen !== id && rows.has(chosen) && !cards.some((card) => card.id === chosen);
      chosen = id;
      const row = rows.get(id);
      row?.setAttribute("aria-selected", "true");
      if (gone) show(cards, none(), total);
      row?.scrollIntoView({ block: "nearest" });
    },
    /** She has decided the chosen case herself: its row need not stay, and the list closes up. */
    letGo() {
      rows.get(chosen)?.setAttribute("aria-selected", "false");
      chosen = "";
      gap.style.height = "0";
    },
    /** Leases have changed. @param {Set<string>} ids */
    retell(ids) {
      for (const id of ids) {
        const row = rows.get(id);
        const card = shownCards.get(id);
        if (row && card) drawRow(card, row);
      }
    },
    bar,
    /** Begin or end to pick cases for one move of many. @param {boolean} on */
    picking(on) {
      picked = on ? new Set() : null;
      list.toggleAttribute("data-picking", on);
      redraw();
      select();
    },
    isPicking: () => picked !== null,
    toggle,
    /** @param {(card: Card) => boolean} wanted among those shown by the search */
    pickWhere(wanted) {
      picked = new Set(cards.filter((card) => matches(card) && wanted(card)).map((card) => card.id));
      redraw();
      select();
    },
    /** The row after (or before) one, as the list stands. @param {string} id @param {1 | -1} step */
    beside(id, step) {
      const ids = order();
      const at = ids.indexOf(id);
      const next = at < 0 ? ids[0] : ids[at + step];
      return (next !== undefined && current(next)) || null;
    },
    /** The case to take after one: the next that nobody else has, else the first such of the list. @param {string} id */
    following(id) {
      const ids = order();
      const at = ids.indexOf(id);
      const free = [...ids.slice(at + 1), ...ids.slice(0, at + 1)].find((one) => one !== id && current(one) && !other(one));
      return (free !== undefined && current(free)) || null;
    },
    focusSearch: () => search.focus(),
  };
}
