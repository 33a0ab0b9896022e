// The run-time data of one SCO, and the API object around them; as core/datamodel/cmi.py and api.py. No IO.

import { parseReal, splitLocalized } from "./values.js";

/** @import { Call, Change, CmiOptions, CreateApi, Held, List, Node, Place, Row, Table, Values, Why } from "./datamodel" */

/** Counts characters. */
const exceeds = (text = "", limit = 0) => text.length > limit && [...text].length > limit;
const clip = (text = "", limit = 0) => (exceeds(text, limit) ? [...text].slice(0, limit - 3).join("") + "..." : text);
/** @type {string[]} */
const none = [];
/** One shape for all rows: engines read such objects several times as fast. @returns {Row} */
const newRow = () => ({
  name: "", type: "", leaf: false, typed: false, own: "", slot: 0, meets: 0, free: false, short: 0, keyword: false,
  vocabulary: none, requires: none, check: () => "",
  access: undefined, limit: undefined, minimum: undefined, maximum: undefined, default: undefined, reserved: undefined,
  unique: undefined, clears: undefined, override: undefined, appends: undefined, blank_unset: undefined,
  per_session: undefined, guarded: undefined, targeted: undefined, asked: undefined,
});
const nowhere = newRow();
const keyword = { ...nowhere, keyword: true };
/** @param {List} list @returns {Values} */
const newRecord = (list, index = 0) => ({ prefix: list.base + index + ".", list, index, held: Array(list.rows.size + 1), met: 0 });
/** Let the next record exist, and have the one after it ready. @param {List} list */
const grow = (list) => {
  const size = ++list.size;
  list.records[size] ??= newRecord(list, size);
  list.open = size + (size < list.most ? 1 : 0);
  return list;
};
/** @param {List["rows"]} rows */
const newList = (base = "", rows, most = 0) => grow({ base, rows, records: [], size: -1, open: 0, most });
/** @param {Values} record @returns {Place} */
const newPlace = (record, /** @type {Values[]} */ steps = [], name = "", reason = "") =>
  ({ name, row: nowhere, reason, answer: "", record, outer: steps[0] ?? record, steps });
/** @param {Values} record */
const valueOf = ({ list, held }, own = "") => held[list.rows.get(own)?.slot ?? 0]?.value;

export class Cmi {
  code = 0;
  diagnostic = "";
  /** @type {[element: string, rule: string][]} once each */
  tolerated = [];
  /** By their bases. @type {Map<string, List>} */
  lists = new Map();
  top = newPlace(newList("", new Map()).records[0]);
  /** @type {Node} */
  #root = { children: new Map(), rows: this.top.record.list.rows };
  /** In the order of first setting. @type {Held[]} */
  #changed = [];
  #noted = new Set();
  #outermost = newPlace(this.top.record, [this.top.record]);
  /** The last record. */
  #last = this.top;

  /** @param {Table} table @param {{ [name: string]: string }} values @param {CmiOptions} [options] */
  constructor(table, values, { strictness = "tolerant", limits, edition = 4, navigationValid, languages } = {}) {
    this.tolerant = strictness === "tolerant";
    this.is12 = table.standard === "1.2";
    if (!this.tolerant && !this.is12 && !languages) throw TypeError("languages");
    this.seeds = new Map(Object.entries(values)); // as they came
    this.limits = { ...table.limits, ...limits };
    this.navigationValid = navigationValid;
    /** @type {string[]} */
    const targets = [];
    this.table = { ...table, targets, languages };
    for (const [name, type, facts] of table.rows) {
      if ((facts?.since ?? 0) > edition) continue;
      const leaf = type > "a" && type < "{";
      const typed = /^(response|pattern|feedback)$/.test(type);
      const own = { name, type, leaf, typed, keyword: name.includes("._"), own: name.replace(/.*\.n\./, ""), check: table.checks[type] };
      const row = Object.assign(newRow(), facts, own);
      const { access, guarded, unique, reserved, appends, keyword } = row;
      row.short = Math.min(row.limit ?? Infinity, this.limits.value_chars_max);
      row.free = !(access === "ro" || guarded || unique || reserved || appends || keyword || type === "pattern");
      let node = this.#root;
      let { rows } = node;
      for (const part of name.split(".")) {
        const { children, record = node } = node;
        if (part === "n") rows = record.rows;
        else if (!children.has(part)) children.set(part, { children: new Map(), rows });
        node = children.get(part) ?? record;
      }
      node.row = row;
      for (const [at, needed] of row.requires.entries()) Object.assign(rows.get(needed) ?? {}, { meets: at + 1 });
      if (type === "[]") {
        node.record = { children: new Map(), rows: new Map() };
        const most = row.grows === false ? -1 : this.limits.records_max;
        if (rows === this.#root.rows) this.lists.set(name + ".", newList(name + ".", node.record.rows, most));
      } else if (row.targeted) targets.push(name.slice(name.lastIndexOf(".") + 1));
      else if (leaf) {
        rows.set(row.own, row);
        row.slot = rows.size;
      }
    }
    this.top.record.prefix = "";
    grow(this.top.record.list);
    for (const [name, value] of this.seeds) {
      const { row, reason, record, steps } = this.#find(name);
      for (const { list, index } of steps) while (list.size <= index) grow(list);
      const kept = record.list.records[record.index];
      if (row.slot && !reason) kept.held[row.slot] = { record: kept, row, value, change: undefined };
    }
    this.#last = this.top;
  }

  /** GetValue. Statuses are evaluated at every call. @returns {string} */
  get(element = "") {
    const place = this.#find(element);
    const { row, steps, reason, record } = place;
    for (let at = 0; at < steps.length; at++) {
      const { list, index } = steps[at];
      if (index >= list.size && (!reason || (this.is12 && reason === "unknown"))) return this.#refuse(element, 0, ["beyond", list.size]);
    }
    if (reason) return this.#refuse(element, 0, [reason]);
    this.code = 0;
    if (!row.leaf) return place.answer;
    if (row.access === "wo" || (row.guarded && this.seeds.get(record.prefix + "_read") === "false")) return this.#refuse(element, 0, ["write_only"]);
    return (row.override && this.#overridden(row, row.override)) ?? this.#stored(row, place) ?? this.#refuse(element, 0, ["unset"]);
  }

  /** SetValue. A refused call changes nothing. */
  set(element = "", value = "") {
    const place = this.#find(element);
    const { row, steps, outer, record } = place;
    const { list, held } = record;
    const kind = row.typed ? (valueOf(outer, "type") ?? "") : "";
    const verdict = row.check(value, row, kind, this.table);
    // Nearly every call passes at this one look.
    if (verdict || !row.free || record.index >= list.open || outer.met < row.requires.length || value.length > row.short) {
      const why = this.#barred(place, value, kind) ?? this.#misfit(place, value, kind, verdict);
      if (why) return this.#refuse(element, 1, why);
    }
    this.code = 0;
    // The default language and nothing else is the empty text.
    if (kind === "long-fill-in" && value === "{lang=en}") value = "";
    const here = (held[row.slot] ??= { record, row, value: undefined, change: undefined });
    const { value: previous, change } = here;
    if (change === undefined) this.#changed.push(here);
    here.value = row.appends ? (previous ?? "") + value : value;
    here.change = row.appends ? (change ?? "") + value : value;
    if (record.index >= list.size) for (const { list, index } of steps) while (list.size <= index) grow(list);
    if (outer.met === row.meets - 1) outer.met = row.meets;
    if (row.clears && previous !== undefined && previous !== value) for (const own of row.clears) this.#clear(outer, own);
    return "true";
  }

  /** In the order of first setting; null where a value was removed. @returns {Change[]} */
  takeChanges() {
    const changed = this.#changed;
    this.#changed = [];
    return changed.map((here) => {
      const { record, row, change = null } = here;
      here.change = undefined;
      return [record.prefix + row.own, change];
    });
  }

  /** Another communication session. */
  restart() {
    for (const here of this.top.record.held) if (here?.row.per_session) here.value = undefined;
  }

  /** What was let through, once. */
  note(element = "", rule = "") {
    const key = rule + element.replace(/\d+/, "");
    if (!this.#noted.has(key)) this.tolerated.push([element, rule]);
    this.#noted.add(key);
  }

  /** Most names need no walk. @returns {Place} */
  #find(name = "") {
    let place = this.#last;
    const { prefix, list } = place.record;
    let row = name.startsWith(prefix) ? list.rows.get(name.slice(prefix.length)) : undefined;
    if (!row) {
      const from = name.indexOf(".", 4) + 1; // an outermost collection's name has two parts
      const end = name.indexOf(".", from) + 1;
      const digits = name.slice(from, end - 1);
      const record = this.lists.get(name.slice(0, from))?.records[+digits];
      if (record && "" + record.index === digits && (row = record.list.rows.get(name.slice(end)))) {
        place = this.#last = this.#outermost;
        place.record = place.outer = place.steps[0] = record;
      } else if ((row = this.top.record.list.rows.get(name))) place = this.top;
      else return this.#walk(name, name.split("."));
    }
    place.name = name;
    place.row = row;
    return place;
  }

  /** @returns {Place} */
  #walk(name = "", parts = none) {
    /** @type {Values[]} */
    const steps = [];
    let { record } = this.top;
    let node = this.#root;
    let path = "";
    for (let at = 0; at < parts.length; at++) {
      let token = parts[at];
      let next = node.children.get(token);
      if (!next && node.record && node.row && /^\d+$/.test(token)) {
        const base = path + ".";
        const list = this.lists.get(base) ?? newList(base, node.record.rows);
        this.lists.set(base, list);
        record = list.records[+token] ?? newRecord(list, +token);
        steps.push(record);
        token = String(+token);
        next = node.record;
      }
      if (!next) return this.#astray(newPlace(this.top.record, steps, name), node, path, parts.slice(at).join("."));
      node = next;
      path += (path && ".") + token;
    }
    const { row } = node;
    const place = newPlace(record, steps, path, !row?.leaf ? "group" : row.targeted ? "target" : "");
    if (row?.leaf) place.row = row;
    if (row?.slot) this.#last = place;
    return place;
  }

  /** A target, a keyword, or nothing. @param {Place} place @param {Node} node */
  #astray(place, { row, record, children }, path = "", rest = "") {
    if (row?.targeted) {
      place.row = row;
      if (!/^\{target=[^}]+\}$/.test(rest)) place.reason = "target";
    } else if (!path || !/^_(children|count|version)$/.test(rest)) {
      place.reason = !place.name ? "empty" : record && rest[0] !== "_" ? "index" : "unknown";
    } else {
      place.row = keyword;
      if (rest === "_count" && record) place.answer = String(this.lists.get(path + ".")?.size ?? 0);
      else if (rest !== "_children" || !row || row.leaf || row.publishes === false) place.reason = "no" + rest;
      else place.answer = [...(record?.children ?? children).keys()].filter((child) => child[0] !== "_").join();
    }
    return place;
  }

  #refuse(element = "", setting = 0, /** @type {NonNullable<Why>} */ [reason, detail = ""]) {
    const told = this.table.reasons[reason];
    this.code = +told[setting];
    this.diagnostic = clip(String(told[2]).replace(/\{[de]\}/g, (mark) => (mark === "{e}" ? clip(element, 100) : String(detail))), 254);
    return setting ? "false" : "";
  }

  /** Name, gap, dependency, access, other records. @param {Place} place @returns {Why} */
  #barred({ row, reason, steps, record, outer }, value = "", kind = "") {
    if (row.keyword) return ["keyword"];
    if (reason && reason !== "unknown") return [reason];
    let fresh;
    for (const step of steps) {
      const { list, index } = step;
      if (index > list.size) return ["gap", list.size];
      if (index === list.size) fresh ??= step;
    }
    if (reason) return [reason];
    const { requires } = row;
    for (let at = outer.met; at < requires.length; at++) {
      if (valueOf(outer, requires[at]) === undefined) return ["requires", clip(outer.prefix + requires[at], 100)];
      outer.met = at + 1;
    }
    if (row.access === "ro" || (row.guarded && this.seeds.get(record.prefix + "_write") === "false")) return ["read_only"];
    if (fresh && fresh.list.most < 0) return ["closed", fresh.index];
    if (fresh && fresh.index >= this.limits.records_max) return ["too_many", this.limits.records_max];
    if (row.unique) {
      const current = record.held[row.slot]?.value;
      if (row.write_once && current !== undefined && current !== value) return ["written"];
      const twin = current === value ? undefined : this.#twin(record, row, value);
      if (twin !== undefined) return ["not_unique", twin];
    }
    if (row.type === "pattern" && record.index && this.table.single_pattern?.includes(kind)) return ["one_pattern", kind];
  }

  /** Length, type, range, tolerances, other patterns. @param {Place} place @returns {Why} */
  #misfit({ name, row, record }, value = "", kind = "", verdict = "") {
    const { limits, tolerant } = this;
    const whole = row.appends ? (record.held[row.slot]?.value ?? "") + value : value;
    if (exceeds(whole, limits.value_chars_max)) return ["too_long", limits.value_chars_max];
    if (verdict && (!tolerant || verdict === "type" || verdict === "range")) {
      return [verdict === "range" ? verdict : "type", this.#expected(row, kind)];
    }
    if (row.reserved?.includes(value)) return ["reserved"];
    const twin = row.type === "pattern" && /^(choice|sequencing)$/.test(kind) ? this.#twin(record, row, value, kind) : undefined;
    if (twin !== undefined) return ["same_pattern", twin];
    if (verdict) this.note(name, verdict);
    if (!row.limit || !exceeds(row.type === "localized" ? splitLocalized(value)[1] : whole, row.limit)) return;
    const limit = limits[row.limit_option ?? ""];
    if (limit && exceeds(whole, limit)) return ["too_long", limit];
    if (this.is12 && !tolerant) return ["too_long", row.limit];
    this.note(name, this.is12 ? "text-length" : "long-value");
  }

  /** What an element takes, in words. @param {Row} row */
  #expected({ type, vocabulary, reserved, minimum, maximum }, kind = "") {
    const text = this.table.expects[type];
    if (text.endsWith(": ")) return text + vocabulary.filter((word) => !reserved?.includes(word)).map((word) => word || '""').join(", ");
    if (text.endsWith(" type ")) return text + kind;
    return text + (minimum === undefined ? "" : ` from ${minimum}`) + (maximum === undefined ? "" : ` to ${maximum}`);
  }

  /** @param {Row} row @param {Place} place */
  #stored(row, { name, record }) {
    if (row.asked && this.navigationValid) return this.navigationValid(name);
    const value = row.targeted ? this.seeds.get(name) : record.held[row.slot]?.value;
    return value === undefined || (row.blank_unset && !value) ? row.default : value;
  }

  /** The computed status, if any. @param {Row} row @param {string[]} override */
  #overridden(row, [threshold, measure, reached, missed]) {
    const limit = parseReal(valueOf(this.top.record, threshold));
    const value = parseReal(valueOf(this.top.record, measure));
    if (limit === limit) return value !== value ? row.default : value >= limit ? reached : missed;
  }

  /** Another record with the same value. @param {Values} record @param {Row} row */
  #twin({ list, index }, { slot }, value = "", kind = "") {
    const sorted = (text = "") => (kind === "choice" ? text.split("[,]").sort().join("[,]") : text);
    for (let at = 0; at < list.size; at++) {
      const stored = list.records[at]?.held[slot]?.value;
      if (at !== index && stored !== undefined && sorted(stored) === sorted(value)) return at;
    }
  }

  /** An element, or a collection's records. @param {Values} record */
  #clear(record, own = "") {
    const list = this.lists.get(record.prefix + own + ".");
    const gone = list ? list.records.flatMap(({ held }) => held) : record.held.filter(({ row }) => row.own === own);
    if (list) list.size = list.open = 0;
    for (const here of gone) {
      if (here.value === undefined) continue;
      this.#changed = this.#changed.filter((other) => other !== here);
      this.#changed.push(here);
      here.value = undefined;
      here.change = null;
    }
  }
}

/** @type {CreateApi} */
export function createApi(version, cmi, hooks) {
  const { calls, errors, states } = cmi.table;
  const [initialize, terminate, get, set, commit, lastError, errorString, diagnostic] = calls;
  let state = 0; // not initialized, running, terminated

  const text = (/** @type {any} */ argument) =>
    typeof argument === "string" ? argument : argument == null && cmi.tolerant ? "" : String(argument);
  const done = (code = 0, diagnostic = "") => {
    cmi.code = code;
    cmi.diagnostic = diagnostic;
    return code ? "false" : "true";
  };
  const misplaced = (/** @type {Call} */ call) => {
    const code = call[state + 1];
    if (code) done(+code, states[state].replace("{e}", (state > 1 ? terminate : initialize)[0]));
    return code;
  };
  /** @param {Call} call @param {any} argument */
  const misused = (call, argument) => {
    if (argument === "") return false;
    if (argument != null || !cmi.tolerant) return done(201, states[3].replace("{e}", call[0]));
    cmi.note(call[0], "argument");
  };
  /** @param {Call} call @param {() => boolean} hook */
  const carryOut = (call, hook, after = 1) => {
    if (!hook()) return done(call[4], states[4].replace("{e}", call[0]));
    state = after;
    return done(0);
  };

  return {
    ...(version === "2004" && { version: "1.0" }),
    [initialize[0]](argument) {
      const again = state > 1 && cmi.tolerant;
      if ((state > 1 && !again && misplaced(initialize)) || misused(initialize, argument)) return "false";
      if (state === 1 && misplaced(initialize)) return "false";
      cmi.restart();
      const answer = carryOut(initialize, hooks.initialize);
      if (again && state === 1) cmi.note(initialize[0], "initialize-again");
      return answer;
    },
    [terminate[0]]: (argument) =>
      misplaced(terminate) || misused(terminate, argument) ? "false" : carryOut(terminate, hooks.terminate, 2),
    [get[0]]: (element) => (state !== 1 && misplaced(get) ? "" : cmi.get(text(element))),
    [set[0]](element, value) {
      if (state !== 1 && misplaced(set)) return "false";
      const answer = cmi.set(text(element), text(value));
      if (!cmi.code) hooks.changed();
      return answer;
    },
    [commit[0]]: (argument) =>
      misplaced(commit) || misused(commit, argument) ? "false" : carryOut(commit, hooks.commit),
    [lastError[0]]: () => String(cmi.code),
    [errorString[0]]: (code) => errors[text(code)] ?? "",
    [diagnostic[0]](code) {
      const asked = text(code);
      return (asked === "" || asked === String(cmi.code) ? (cmi.code && cmi.diagnostic) || errors[cmi.code] : errors[asked]) ?? "";
    },
  };
}
