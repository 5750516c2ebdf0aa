import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, createApi } from "../../frontend/src/lib/api.js";

/** An API whose answers are given in advance; an Error stands for a broken line. */
function scripted(...answers) {
  const calls = [];
  const fetcher = async (url, init) => {
    calls.push({ url, init });
    const next = answers.shift();
    if (next instanceof Error) throw next;
    return new Response(next.body === undefined ? null : JSON.stringify(next.body), { status: next.status });
  };
  return { calls, api: createApi({ csrf: "token", fetcher }) };
}

test("the refusal's sentence and mend reach the caller", async () => {
  const { api } = scripted({ status: 409, body: { error: { code: "stale", message: "Changed.", mend: "Look again.", details: { changed_by: "Bo" } } } });
  await assert.rejects(api.post("/cases/1/moves/file", {}), (error) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, "stale");
    assert.equal(error.mend, "Look again.");
    assert.equal(error.details.changed_by, "Bo");
    assert.equal(error.passing, false);
    return true;
  });
});

test("a move is never repeated by itself: it may have been written", async () => {
  const { api, calls } = scripted(new TypeError("broken"), { status: 200, body: {} });
  await assert.rejects(api.post("/cases/1/moves/file", {}), { code: "offline" });
  assert.equal(calls.length, 1);
});

test("a read is tried once more", async () => {
  const { api, calls } = scripted({ status: 503, body: {} }, { status: 200, body: { ok: true } });
  assert.deepEqual(await api.get("/me"), { ok: true });
  assert.equal(calls.length, 2);
});

test("a photo is put under its own id and may be repeated", async () => {
  const { api, calls } = scripted(new TypeError("broken"), { status: 200, body: { id: "p" } });
  await api.photo("p", new Blob(["x"], { type: "image/png" }), "report");
  assert.equal(calls.length, 2);
  assert.equal(calls[1].url, "/api/v1/photos/p?kind=report");
  assert.equal(calls[1].init.headers["Content-Type"], "image/png");
});

test("writes carry the CSRF token, reads leave empty parameters out", async () => {
  const { api, calls } = scripted({ status: 200, body: {} }, { status: 200, body: {} });
  await api.post("/reports", { id: 1 });
  await api.get("/cases", { queue: "mine", after: "", area: undefined });
  assert.equal(calls[0].init.headers["X-CSRFToken"], "token");
  assert.equal(calls[1].url, "/api/v1/cases?queue=mine");
});
