/** Shapes of /api/v1, as the pages use them. Ambient: no import needed. */

interface Named { code: string; name: string; name_en?: string }
interface PostOut { id: number | string; title: string; role: string; organisation: Named }
interface Me {
  id: number | string; username: string; name: string; language: string; csrf: string; stream: string;
  posts: PostOut[]; post: PostOut | null; home: string; pages: string[]; moves: string[];
}
interface Card {
  id: string; number: string; version: number; state: string; kind: string;
  class_id?: number; class_code: string; class_name: string; class_name_en?: string;
  condition_id?: number | null; condition: string; condition_en?: string; source: string;
  lon: number; lat: number; cell_code: string; community: Named | null; street: Named | null;
  organisation: Named | null; department?: Named | null; reported_at: string; moved_at: string;
  due_at: string | null; clock: string | null; clock_started_at: string | null; paused: boolean;
  stage?: string | null; relief?: { kind: string; does: string; by: string } | null; supervised?: string; late?: boolean; appeal?: string;
  photo: string | null; voice?: string | null;
  imported?: Imported | null;
  main?: { id: string; number: string; state: string } | null; duplicates?: number;
}
/** What another system told of a case, in its own words. */
interface Imported {
  origin: string; ref: string; stood: string; stood_label: string; department: string; status: string; address: string;
  zone: string; times: Record<string, string>; faults: string[]; fault_labels: string[];
}
interface PhotoOut { id: string; kind: string; taken_at: string | null; uploaded_at: string; width: number; height: number; source?: string; off_m?: number | null; off?: boolean }
interface VoiceOut { id: string; seconds: number; uploaded_at: string }
interface JoiningOut { source: string; note: string; person: string; joined_at: string; distance_m: number | null }
interface TaskOut {
  id: string | number; kind: "verify" | "check"; inspector?: string; state?: string;
  result?: string | null; sent_at: string; done_at?: string | null; due_at?: string | null; note?: string; distance_m?: number | null; far?: boolean;
  case?: Card;
}
interface ClockOut {
  name: string; label: string; state: "running" | "paused" | "stopped"; limit_text: string;
  due_at: string | null; started_at: string; stopped_at: string | null; provisional: boolean;
}
interface MoveOut { verb: string; label: string; asks: string[]; target?: string | null; primary: boolean }
interface Around extends Card { why: "component" | "near" | "cell"; distance_m: number }
interface LinkedCase extends Card { label: string }
interface Bulked { id: string; number: string; done: boolean; state: string; version: number; error: { message: string; mend: string } | null }
interface Entry {
  stream?: string; seq: number; case_id: string; verb: string; label: string; at: string;
  by?: { name: string; post?: string; organisation?: string } | null;
  state_from?: string; state_to?: string; facts?: Record<string, unknown>; card?: Card; gone?: boolean;
  /** whether the reader saw the case before; the state it left; where a case lies that is gone */
  had?: boolean; from?: string; lon?: number; lat?: number;
}
interface CaseOut extends Card {
  text: string; address: string; accuracy_m: number | null; datum: string;
  component: { code: string; name: string; owner: Named | null } | null; reporter: { name: string; phone?: string } | null;
  conditions: ConditionOut[]; closing: string; must_verify: boolean;
  photos: PhotoOut[]; voices?: VoiceOut[]; tasks: TaskOut[]; joinings: JoiningOut[]; clocks: ClockOut[]; moves: MoveOut[]; history: Entry[];
  undo_until?: string | null; handler?: string;
}
interface Page<T> { items: T[]; next: string | null }
interface Snapshot { stream: string; head: number; items: Card[]; count: number; states: string[] }
interface Alternative { organisation: Named; why: string; share?: number | null; cases?: number | null }
interface Proposal {
  organisation: Named | null; limit_text: string; closing: string; rule: string; reason: string;
  lost: { rule: string; why: string }[]; alternatives: Alternative[]; outcome: "matched" | "none" | "conflict";
}
interface ConditionOut { id: number | string; text: string; limit_text: string; closing: string }
interface ClassOut {
  id: number | string; kind: string; code: string; major_code: string; major: string;
  name: string; name_zh: string; name_en: string; initials: string; conditions: ConditionOut[];
}
interface ComponentOut { code: string; class_code: string; name: string; owner: string; distance_m: number; lon: number; lat: number }
interface Located {
  lon: number; lat: number; cell: Named; grid: Named | null; community: Named; street: Named; district: Named;
  components: ComponentOut[];
}
interface AddressOut {
  id: number; kind: string; kind_label: string; name: string; name_en: string; code: string; community: string; street: string;
  lon: number; lat: number; bounds: [number, number, number, number] | null; distance_m: number | null;
}
interface NearestOut { lon: number; lat: number; text: string; items: { id: number; name: string; distance_m: number; text: string }[] }
interface BaseLayer { id: string; title: string; url: string; datum: string; attribution: string; max_zoom?: number }
interface MapLayer { id: string; title: string; url: string; style: string; min_zoom: number; max_zoom: number; on: boolean }
interface MapSettings {
  center: [number, number]; zoom: number; bounds: [number, number, number, number];
  layers: MapLayer[]; base_layers: BaseLayer[]; generated: boolean;
}
interface Cluster { lon: number; lat: number; count: number; overdue: number }
interface MapCases { head: number; side: number; rest: string[]; clusters: Cluster[]; items: Card[] }
interface Figure {
  key: string; title: string; numerator: number; denominator: number; value: number | null; unit: string;
  claim: string; definition: string; cases_url: string;
}
type FigureRow = { code: string; name: string; name_en?: string } & Record<string, unknown>;
interface Indicators {
  from: string; to: string; area: string | null; imported: string; figures: Figure[];
  by_area: FigureRow[]; by_department: FigureRow[]; trend: ({ day: string } & Record<string, unknown>)[];
}

/** What the inspector's phone keeps (GET /phone/pack). Coordinates of the ground: origin + whole number × unit, degrees. */
interface PackCell { code: string; own: boolean; grid?: string; shape: number[] }
interface PackGround {
  version: string; origin: [number, number]; unit: number; truncated: boolean; cells: PackCell[];
  components: [code: string, class_id: number, x: number, y: number, owner: string][];
  base: [kind: string, rank: number, name: string, name_en: string, shape: "line" | "area" | "point", xy: number[]][];
}
interface PackClass {
  id: number; kind: string; code: string; major_code: string; major: string; major_en: string; name: string; name_en: string;
  pinyin: string; initials: string; conditions: { id: number; text: string; text_en: string; limit_text: string }[];
}
interface PackRanking {
  version: string; made_at?: string | null; chips: [class_id: number, condition_id: number | null, base: number][];
  hour?: number[][]; season?: number[][]; near?: Record<string, number[]>; beside?: Record<string, Record<string, number>>;
  own?: Record<string, Record<string, number>>;
}
interface PhoneTask {
  id: number; kind: "verify" | "check"; sent_at: string; due_at: string | null; case: Card; before: string[]; handled: string[]; text: string; address: string;
}
interface SurveyTask {
  id: number; survey_id: string; number: string; title: string; note: string; class_id: number; class_name: string; class_name_en: string;
  kind: string; cell_code: string; due_at: string | null; components: { code: string; lon: number; lat: number }[]; lon: number; lat: number;
}
interface NearCase {
  id: string; number: string; class_id: number; class_code: string; class_name: string; class_name_en: string; state: string; lon: number;
  lat: number; cell_code: string; address: string; reported_at: string; distance_m: number | null; joined: number; photo: string | null;
}
interface PackSettings {
  far_m: number; join_m: number; join_days: number; photo_far_m: number; photos_at_most: number; voice_s?: number; voice_bytes?: number; push_key: string | null;
  track: { every_s: number; least_m: number; worst_accuracy_m: number; fixes_at_most: number; keep_days: number };
}
interface Pack {
  version: string; made_at: string; stream: string; language: string; me: { id: number; name: string }; settings: PackSettings;
  tasks: PhoneTask[]; surveys: SurveyTask[]; open: NearCase[]; visits: Record<string, string>;
  ground: PackGround; classes: { version: string; items: PackClass[] }; ranking: PackRanking;
}

/** What a page is told when it is rendered (json_script "context"). */
interface PageContext {
  language: string; icons: string; csrf: string; page: string;
  role: string; person: string; stream: string; organisation: string; layers: MapLayer[];
  kind: string; queues: { id: string; title: string }[]; next: string;
  bulk: Record<string, MoveOut[]>;
  person_id: number; username: string; map_style: string; worker: string;
}

/** Live messages. */
type LiveMessage =
  | { type: "hello"; head: number; server_time?: string }
  | { type: "entries"; items: Entry[]; upto: number; from: number }
  | { type: "beat"; head: number; at?: string }
  | { type: "reset"; why?: string };

declare module "*.css";
declare var gridcityMessages: Record<string, string[]> | undefined;
