import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { className, named, number, t, tn, tp, useMessages } from "../../frontend/src/lib/i18n.js";

afterEach(() => useMessages({}, "en"));

test("without a catalogue the English sentence is shown", () => {
  assert.equal(t("due {time}", { time: "14:05" }), "due 14:05");
  assert.equal(tn("{n} case here", "{n} cases here", 1), "1 case here");
  assert.equal(tn("{n} case here", "{n} cases here", 1200), "1,200 cases here");
});

test("one plural form serves every number in Chinese", () => {
  useMessages({ "{n} case here": ["此处 {n} 件"] }, "zh-hans");
  assert.equal(tn("{n} case here", "{n} cases here", 1), "此处 1 件");
  assert.equal(tn("{n} case here", "{n} cases here", 5), "此处 5 件");
});

test("a context keeps two meanings apart", () => {
  useMessages({ "state\u0004closed": ["结案"], closed: ["关闭"] }, "zh-hans");
  assert.equal(tp("state", "closed"), "结案");
  assert.equal(t("closed"), "关闭");
});

test("a placeholder without a value stays visible rather than silently empty", () => {
  assert.equal(t("due {time}"), "due {time}");
});

test("names follow the reader's language where there is one", () => {
  const water = { code: "W", name: "自来水集团", name_en: "Water Group" };
  assert.equal(named(water), "Water Group");
  assert.equal(className({ class_name: "上水井盖", class_name_en: "" }), "上水井盖");
  useMessages({}, "zh-hans");
  assert.equal(named(water), "自来水集团");
  assert.equal(number(1204), "1,204");
});
