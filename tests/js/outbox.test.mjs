import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../frontend/src/lib/api.js";
import { openOutbox, sha256 } from "../../frontend/src/phone/outbox.js";
import { keyOf, sealer } from "../../frontend/src/phone/seal.js";
import { createSender, pause } from "../../frontend/src/phone/sender.js";
import { memoryStore } from "../../frontend/src/phone/store.js";

globalThis.navigator ??= {};
Object.defineProperty(globalThis.navigator, "locks", { value: { request: (_name, work) => work() }, configurable: true });

const PERSON = 7;
const bytes = (n, of = 1) => new Uint8Array(n).fill(of);
const photo = (id, n = 10) => ({ id, kind: "report", blob: new Blob([bytes(n, id.length)], { type: "image/jpeg" }) });
const report = (id, more = {}) => ({ id, person: PERSON, state: "waiting", saved_at: `2026-11-22T01:00:0${id.length}Z`, kind: "report", title: id, body: { id, text: "secret words" }, ...more });

/** A server that takes in what it is sent and answers as it is told. */
function city(say = () => null) {
  const has = { photos: new Map(), parts: new Map(), reports: [], calls: [] };
  const refuse = (call) => {
    has.calls.push(call);
    const error = say(call, has);
    if (error) throw error;
  };
  return {
    has,
    renew() {},
    async get(path) {
      refuse({ verb: "GET", path });
      if (path === "/me") return { id: PERSON, csrf: "fresh" };
      return { received: has.parts.get(path.split("/")[2])?.length ?? 0 };
    },
    async put(path, blob) {
      refuse({ verb: "PUT", path });
      const [, , id, parts] = path.split("?")[0].split("/");
      const piece = [...new Uint8Array(await blob.arrayBuffer())];
      const whole = async (all) => has.photos.set(id, all) && { id, sha256: await sha256(new Uint8Array(all).buffer) };
      if (!parts) return whole(piece);
      const about = new URLSearchParams(path.split("?")[1]);
      const before = has.parts.get(id) ?? [];
      if (Number(about.get("offset")) !== before.length) throw new ApiError(409, { code: "offset", details: { received: before.length } });
      const all = [...before, ...piece];
      has.parts.set(id, all);
      return all.length < Number(about.get("total")) ? { received: all.length, complete: false } : whole(all);
    },
    async post(path, { items }) {
      refuse({ verb: "POST", path, items });
      return { items: items.map((item) => say({ verb: "ITEM", item }, has) ?? { id: item.id, status: has.reports.push(item) && 201, number: `N${has.reports.length}` }) };
    },
  };
}

async function phone(api = city(), store = memoryStore()) {
  const outbox = await openOutbox({ store, seals: sealer(await keyOf(store)), others: { postMessage() {}, onmessage: null } });
  let now = 1_000_000;
  const sender = createSender({ outbox, api, now: () => now, chance: () => 0.5, lock: (work) => work() });
  const states = async () => Object.fromEntries((await outbox.items()).map((item) => [item.id, item.state]));
  return { outbox, store, api, sender, states, pass: (ms) => (now += ms) };
}

test("what is kept can be read back by the phone and by nobody who reads its disk", async () => {
  const { outbox, store } = await phone();
  await outbox.save(report("a"), [photo("p")]);
  const [kept] = await outbox.items();
  assert.equal(kept.body.text, "secret words");
  assert.equal(kept.photos[0].sha256, await sha256(bytes(10).buffer));
  assert.deepEqual(new Uint8Array(await (await outbox.photo("p")).arrayBuffer()), bytes(10));
  const disk = [...await store.all("items"), ...await store.all("photos")].map((row) => Buffer.from(row.sealed.data).toString("latin1") + JSON.stringify(Object.keys(row)));
  for (const row of disk) assert.ok(!row.includes("secret words"), row);
  const key = await keyOf(store);
  assert.equal(key.extractable, false);
});

test("form and photographs are one write", async () => {
  const store = memoryStore();
  const writes = [];
  const { outbox } = await phone(city(), { ...store, write: (changes) => writes.push(changes.map((change) => change.shelf)) && store.write(changes) });
  writes.length = 0;
  await outbox.save(report("a"), [photo("p"), photo("pp")]);
  assert.deepEqual(writes, [["items", "photos", "photos"]]);
});

test("photographs go first, forms together, and what is acknowledged leaves the phone", async () => {
  const { outbox, store, api, sender, states } = await phone();
  await outbox.save(report("a"), [photo("p")]);
  await outbox.save(report("bb"), [photo("pp")]);
  const done = await sender.flush();
  assert.equal(done.sent, 2);
  assert.deepEqual(await states(), { a: "sent", bb: "sent" });
  assert.deepEqual(api.has.calls.map((call) => `${call.verb} ${call.path.split("?")[0]}`), ["GET /me", "PUT /photos/p", "PUT /photos/pp", "POST /reports/batch"]);
  assert.deepEqual(api.has.reports.map((item) => item.id), ["a", "bb"], "oldest first");
  assert.deepEqual(await store.all("photos"), []);
  assert.deepEqual((await outbox.item("a")).body, {});
});

for (const status of [0, 400, 401, 403, 404, 409, 413, 418, 422, 429, 500, 502, 503]) {
  for (const where of ["photo", "batch", "item"]) {
    test(`a ${where} answered ${status} deletes nothing and can be sent again under its id`, async () => {
      let bad = true;
      const error = new ApiError(status, { code: "x", message: "no" });
      const { outbox, api, sender, states, pass } = await phone(city(({ verb, path }) => {
        if (!bad) return null;
        if (where === "photo" && path?.startsWith("/photos")) return error;
        if (where === "batch" && path === "/reports/batch") return error;
        return where === "item" && verb === "ITEM" ? { id: "a", status, error: { code: "x", message: "no" } } : null;
      }));
      await outbox.save(report("a"), [photo("p")]);
      await sender.flush();
      const kept = await outbox.item("a");
      assert.equal(kept.state, [0, 401, 429].includes(status) || status >= 500 ? "waiting" : "needs");
      assert.equal(kept.body.text, "secret words");
      assert.ok(await outbox.photo("p"));
      bad = false;
      pass(600_000);
      if (kept.state === "needs") await outbox.save({ ...kept, state: "waiting", fault: undefined }, [photo("p")]);
      await sender.flush();
      assert.deepEqual(await states(), { a: "sent" });
      assert.deepEqual(api.has.reports.map((item) => item.id), ["a"]);
    });
  }
}

test("an answer that is not the city's acknowledges nothing", async () => {
  for (const strange of [{}, { items: [] }, { items: [{ status: 200 }] }, { items: [{ id: "b", status: 201 }] }]) {
    const api = city();
    const { outbox, sender, states } = await phone({ ...api, post: async () => strange });
    await outbox.save(report("a"), [photo("p")]);
    await sender.flush();
    assert.deepEqual(await states(), { a: "waiting" });
  }
  const api = city();
  const { outbox, sender } = await phone({ ...api, put: async () => ({}) });
  await outbox.save(report("a"), [photo("p")]);
  await sender.flush();
  assert.equal(await outbox.isPhotoSent("p"), false);
  assert.deepEqual(api.has.reports, []);
});

test("one refused item does not hold up the others", async () => {
  const { outbox, sender, states } = await phone(city(({ verb, item }) => (verb === "ITEM" && item.id === "a" ? { id: "a", status: 422, error: { code: "invalid", message: "no class" } } : null)));
  await outbox.save(report("a"), []);
  await outbox.save(report("bb"), []);
  await sender.flush();
  assert.deepEqual(await states(), { bb: "sent", a: "needs" });
  assert.equal((await outbox.item("a")).fault.message, "no class");
});

test("Retry-After is obeyed, with something by chance on top, even in a hurry", async () => {
  let busy = true;
  const { outbox, api, sender, states, pass } = await phone(city(({ path }) => (busy && path === "/reports/batch" ? new ApiError(429, { code: "too_many" }, 60) : null)));
  await outbox.save(report("a"), []);
  const first = await sender.flush();
  assert.equal(first.again_at, 1_000_000 + 75_000);
  busy = false;
  pass(74_000);
  await sender.flush({ hurry: true });
  assert.deepEqual(await states(), { a: "waiting" });
  assert.equal(api.has.calls.filter((call) => call.path === "/reports/batch").length, 1);
  pass(2_000);
  await sender.flush();
  assert.deepEqual(await states(), { a: "sent" });
});

test("pauses of our own grow, are bounded, and give way to a new connection", async () => {
  assert.deepEqual([0, 1, 2, 20].map((tries) => pause(null, tries, () => 0)), [4000, 8000, 16000, 300_000]);
  assert.equal(pause(60, 9, () => 1), 90_000);
  let down = true;
  const { outbox, sender, states } = await phone(city(() => (down ? new ApiError(0, {}) : null)));
  await outbox.save(report("a"), []);
  await sender.flush();
  down = false;
  await sender.flush();
  assert.deepEqual(await states(), { a: "waiting" });
  await sender.flush({ hurry: true });
  assert.deepEqual(await states(), { a: "sent" });
});

test("a photograph goes on where it broke off", async () => {
  const size = 700_000;
  let left = 1;
  const { outbox, api, sender, states } = await phone(city(({ path }) => (path?.includes("/parts") && left-- === 0 ? new ApiError(0, {}) : null)));
  await outbox.save(report("a"), [photo("p", size)]);
  await sender.flush();
  assert.equal(api.has.parts.get("p").length, 256 * 1024);
  await sender.flush({ hurry: true });
  assert.deepEqual(await states(), { a: "sent" });
  assert.equal(api.has.photos.get("p").length, size);
  const offsets = api.has.calls.filter((call) => call.path.includes("/parts")).map((call) => new URLSearchParams(call.path.split("?")[1]).get("offset"));
  assert.deepEqual(offsets, ["0", "262144", "262144", "524288"]);
});

test("a photograph that the server lost is sent again before the form", async () => {
  let first = true;
  const { outbox, api, sender, states } = await phone(city(({ verb }) => {
    if (verb !== "ITEM" || !first) return null;
    first = false;
    return { id: "a", status: 422, error: { code: "invalid", field: "photos", value: "p" } };
  }));
  await outbox.save(report("a"), [photo("p")]);
  await sender.flush();
  await sender.flush({ hurry: true });
  assert.deepEqual(await states(), { a: "sent" });
  assert.equal(api.has.calls.filter((call) => call.verb === "PUT").length, 2);
});

test("what another person made waits until that person signs in", async () => {
  const { outbox, api, sender, states } = await phone();
  await outbox.save(report("a", { person: 8 }), [photo("p")]);
  await sender.flush();
  assert.deepEqual(await states(), { a: "waiting" });
  assert.deepEqual(api.has.reports, []);
});

test("drafts are not sent, and an answer may be taken back for a while", async () => {
  const { outbox, sender, states, pass } = await phone();
  await outbox.save(report("a", { state: "draft" }), [photo("p")]);
  await outbox.save(report("bb", { hold_until: 1_004_000 }), []);
  assert.equal((await sender.flush()).again_at, 1_004_000);
  assert.deepEqual(await states(), { bb: "waiting", a: "draft" });
  pass(4_000);
  await sender.flush();
  assert.deepEqual(await states(), { bb: "sent", a: "draft" });
});

test("items of the first version are sealed and sent", async () => {
  const { outbox, store, sender, states, api } = await phone();
  await store.write([{ shelf: "items", put: { id: "old", task: "report", path: "/reports", form: { id: "old", text: "x" }, photos: [photo("p")], title: "old", state: "sending", saved_at: "2026-11-01T00:00:00Z" } }]);
  await outbox.takeOver(PERSON);
  await sender.flush();
  assert.deepEqual(await states(), { old: "sent" });
  assert.deepEqual(api.has.reports[0].body, { id: "old", text: "x" });
  assert.ok(api.has.photos.has("p"));
});
