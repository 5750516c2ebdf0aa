import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { mock } from "node:test";
import { follow } from "../../frontend/src/lib/live.js";
import { backoff, judge } from "../../frontend/src/lib/sequence.js";

test("a batch is applied where we stand or when it begins before", () => {
  assert.equal(judge(5, { from: 5, upto: 9 }), "apply");
  assert.equal(judge(5, { from: 3, upto: 5 }), "drop");
  assert.equal(judge(5, { from: 6, upto: 9 }), "gap");
  assert.equal(judge(5, { from: 4, upto: 9 }), "apply");
});

test("pauses double up to thirty seconds and half of each is chance", () => {
  assert.equal(backoff(0, () => 0), 250);
  assert.equal(backoff(0, () => 1), 500);
  assert.equal(backoff(3, () => 1), 4000);
  assert.equal(backoff(50, () => 1), 30_000);
});

/** A socket whose server is the test. */
class FakeSocket {
  static opened = [];
  constructor(url) {
    this.url = url;
    this.closed = false;
    FakeSocket.opened.push(this);
  }
  say(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  die(code = 1006) {
    this.onclose?.({ code });
  }
  close() {
    this.closed = true;
  }
}

const latest = () => FakeSocket.opened.at(-1);
let heard;
let feed;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  FakeSocket.opened = [];
  heard = { entries: [], resets: 0, links: [] };
  globalThis.location = { protocol: "http:", host: "city.test" };
  globalThis.document = { visibilityState: "visible", addEventListener() {}, removeEventListener() {} };
  globalThis.addEventListener ??= () => {};
  globalThis.removeEventListener ??= () => {};
  feed = follow({
    stream: "110101", cursor: 5, open: (url) => new FakeSocket(url),
    listeners: {
      entries: (items) => heard.entries.push(...items.map((item) => item.seq)),
      reset: () => (heard.resets += 1),
      link: (state) => heard.links.push(state),
    },
  });
});

afterEach(() => {
  feed.stop();
  mock.timers.reset();
  delete globalThis.document;
  delete globalThis.location;
});

const entries = (from, upto) => ({ type: "entries", from, upto, items: Array.from({ length: upto - from }, (_, i) => ({ seq: from + i + 1 })) });

test("entries are delivered in order and the cursor follows", () => {
  assert.match(latest().url, /^ws:\/\/city\.test\/ws\/journal\?stream=110101&cursor=5$/);
  latest().say({ type: "hello", head: 5 });
  latest().say(entries(5, 7));
  latest().say(entries(7, 8));
  assert.deepEqual(heard.entries, [6, 7, 8]);
  assert.equal(feed.cursor(), 8);
  assert.equal(heard.links.at(-1).live, true);
});

test("a batch repeated after a reconnect is not applied twice", () => {
  latest().say(entries(5, 7));
  latest().say(entries(5, 7));
  assert.deepEqual(heard.entries, [6, 7]);
});

test("of a batch that begins before our cursor only the new part is delivered", () => {
  latest().say(entries(3, 7));
  assert.deepEqual(heard.entries, [6, 7]);
  assert.equal(feed.cursor(), 7);
});

test("a lost batch is noticed and asked for from our cursor", () => {
  latest().say(entries(5, 6));
  latest().say(entries(8, 9));
  assert.deepEqual(heard.entries, [6]);
  assert.equal(heard.links.at(-1).live, false);
  mock.timers.tick(500);
  assert.equal(FakeSocket.opened.length, 2);
  assert.match(latest().url, /cursor=6$/);
  latest().say(entries(6, 9));
  assert.deepEqual(heard.entries, [6, 7, 8, 9]);
});

test("what an abandoned socket still says is not listened to", () => {
  const old = latest();
  old.say(entries(8, 9));
  mock.timers.tick(500);
  latest().say(entries(5, 8));
  old.say(entries(8, 10));
  assert.deepEqual(heard.entries, [6, 7, 8]);
  assert.equal(old.closed, true);
});

test("silence is a lost link, and the banner says since when", () => {
  latest().say({ type: "beat", head: 5 });
  const lastWord = Date.now();
  mock.timers.tick(20_000);
  assert.equal(heard.links.at(-1).live, false);
  assert.equal(+heard.links.at(-1).since, lastWord);
});

test("the time of the loss stays through failed attempts", () => {
  latest().say({ type: "beat", head: 5 });
  const lastWord = Date.now();
  for (let i = 0; i < 4; i += 1) {
    latest().die();
    mock.timers.tick(30_000);
  }
  assert.equal(+heard.links.at(-1).since, lastWord);
  assert.ok(FakeSocket.opened.length >= 5);
});

test("an unknown cursor asks for a new snapshot and starts from its head", () => {
  latest().say({ type: "reset", why: "too old" });
  assert.equal(heard.resets, 1);
  feed.restart(40);
  assert.match(latest().url, /cursor=40$/);
});

test("a head behind our cursor means another history: snapshot again", () => {
  latest().say({ type: "hello", head: 3 });
  assert.equal(heard.resets, 1);
});

test("a refusal is not retried", () => {
  latest().die(4403);
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.opened.length, 1);
  assert.equal(heard.links.at(-1).refused, true);
});

test("too slow (1013): back with the cursor", () => {
  latest().say(entries(5, 6));
  latest().die(1013);
  mock.timers.tick(500);
  assert.match(latest().url, /cursor=6$/);
});
