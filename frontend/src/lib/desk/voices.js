/** What was said on the spot: the voice notes of a case, each with its length and a player. */
import { h, icon } from "../dom.js";
import { t, tn } from "../i18n.js";
import { both } from "../time.js";

/** @param {VoiceOut[] | undefined} voices @param {import("../api.js").Api} api */
export function voiceList(voices, api) {
  if (!voices?.length) return null;
  return h("ul.voices", { "aria-label": t("Voice notes") }, voices.map((voice) => h("li", null, icon("mic"),
    h("audio", { controls: true, preload: "none", src: api.voiceUrl(voice.id), "aria-label": t("Voice note, {time}", { time: both(voice.uploaded_at) }) }),
    h("span.small.quiet", null, tn("{n} s", "{n} s", Math.max(1, Math.round(voice.seconds)))))));
}
