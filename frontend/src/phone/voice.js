/**
 * A voice note: recorded here, a minute at most, heard again before it is sent. Nothing depends on it: where there is
 * no microphone, or it may not be used, that is said and the report goes on without.
 */
import { fill, h, icon } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { dialog } from "../lib/ui.js";

/** What browsers record, the smallest first; the city takes all three. */
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
/** Plain speech: a minute is a quarter of a megabyte. */
const BITS_A_SECOND = 32_000;

/** @typedef {import("./pictures.js").Picture} Kept bytes under an id, of kind "voice" */

/** @param {number} seconds */
export const clockOf = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** A button that opens a player; the list below it may be drawn anew meanwhile. @param {() => Promise<string>} address */
export const playButton = (address) => h("button.play", { type: "button", onclick: async () => {
  dialog(t("Voice note"), h("audio", { controls: true, autoplay: true, src: await address(), "aria-label": t("Voice note") }));
} }, icon("play"), h("span", null, t("Voice note")));

/** @param {{ first?: Kept, most_s: number, most_bytes: number, onchange: () => void }} options */
export function voiceNote({ first, most_s, most_bytes, onchange }) {
  let note = first ?? null;
  /** @type {{ recorder: MediaRecorder, began: number, done: Promise<void> } | null} */
  let running = null;
  /** Pressed away while the browser was still asking for the microphone. */
  let unwanted = false;
  let asking = false;
  const timer = h("span", { role: "timer" });
  const fault = h("p.quiet.small", { role: "alert", hidden: true });
  const said = h("span.visually-hidden", { role: "status" });
  const box = h("div.voice-box");
  const element = h("section.voice", { "data-field": "voice" }, box, fault, said);
  draw();

  function draw() {
    box.classList.toggle("running", running !== null);
    if (running) fill(box, h("button.voice-stop", { type: "button", onclick: stop }, icon("square"), h("span", null, t("Stop recording")), timer));
    else if (note) {
      fill(box, h("audio", { controls: true, src: note.url, "aria-label": t("Voice note") }),
        h("span.small", null, clockOf(note.meta.seconds ?? 0)),
        h("button.bare", { type: "button", "aria-label": t("Remove the voice note"), onclick: drop }, icon("trash-2")));
    } else fill(box, h("button.voice-start", { type: "button", disabled: asking, onclick: start }, icon("mic"), h("span", null, asking ? t("Asking for the microphone…") : t("Add a voice note"))));
  }

  /** @param {string} words */
  function tell(words) {
    fault.hidden = false;
    fill(fault, words, " ", t("The report is complete without it."));
  }

  async function start() {
    const type = globalThis.MediaRecorder && TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    if (!type || !navigator.mediaDevices) return tell(t("This browser records no sound."));
    fault.hidden = true;
    [asking, unwanted] = [true, false];
    draw();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
      if (unwanted) stream.getTracks().forEach((track) => track.stop());
      else record(stream, type);
    } catch (error) {
      const denied = error instanceof DOMException && ["NotAllowedError", "SecurityError"].includes(error.name);
      const none = error instanceof DOMException && ["NotFoundError", "OverconstrainedError"].includes(error.name);
      tell(denied ? t("The browser may not use the microphone. Allow it in the settings of this page.") : none ? t("This phone has no microphone.") : t("The microphone cannot be used now: another app may have it."));
    } finally {
      asking = false;
      draw();
    }
  }

  /** @param {MediaStream} stream @param {string} mimeType */
  function record(stream, mimeType) {
    const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_A_SECOND });
    /** @type {Blob[]} */
    const pieces = [];
    let bytes = 0;
    recorder.ondataavailable = ({ data }) => {
      pieces.push(data);
      bytes += data.size;
      if (bytes > 0.9 * most_bytes) void stop();
    };
    const began = performance.now();
    const seconds = () => Math.min(most_s, (performance.now() - began) / 1000);
    const tick = () => {
      fill(timer, t("{now} of {most}", { now: clockOf(seconds()), most: clockOf(most_s) }));
      if (seconds() >= most_s) void stop();
    };
    const ticking = setInterval(tick, 250);
    const done = /** @type {Promise<void>} */ (new Promise((resolve) => {
      recorder.onstop = () => {
        clearInterval(ticking);
        stream.getTracks().forEach((track) => track.stop());
        running = null;
        if (bytes) {
          const blob = new Blob(pieces, { type: mimeType.split(";")[0] });
          note = { id: crypto.randomUUID(), kind: "voice", blob, url: URL.createObjectURL(blob), meta: { seconds: seconds() } };
          fill(said, t("Voice note recorded, {length}", { length: clockOf(seconds()) }));
        } else tell(t("Nothing was recorded."));
        draw();
        onchange();
        resolve();
      };
    }));
    running = { recorder, began, done };
    recorder.start(1000);
    tick();
    fill(said, t("Recording"));
  }

  /** Ends a recording; done when what was said is kept. */
  async function stop() {
    unwanted = true;
    if (!running) return;
    const { recorder, done } = running;
    if (recorder.state !== "inactive") recorder.stop();
    await done;
  }

  function drop() {
    if (note) URL.revokeObjectURL(note.url);
    note = null;
    draw();
    onchange();
    /** @type {HTMLElement | null} */ (box.querySelector("button"))?.focus();
  }

  // the screen went dark, or the camera came in front: what was said so far is kept
  const hidden = () => document.visibilityState === "hidden" && void stop();
  document.addEventListener("visibilitychange", hidden);

  return {
    element, stop,
    list: () => (note ? [note] : []),
    close: () => document.removeEventListener("visibilitychange", hidden),
  };
}
