// The run-time data of one SCO: GetValue and SetValue through the element's row, in the order of core/datamodel/cmi.py.
// Around it the API object: states and last error, as in core/datamodel/api.py. Rows, codes and sentences are in the
// tables. No IO.

import { parseReal, splitLocalized } from "./values.js";

/** @import { Branch, Call, CmiOptions, CreateApi, NewBranch, Node, Place, Row, Table, Why } from "./datamodel" */

/** Counts characters, not UTF-16 units. */
const exceeds = (text = "", limit = 0) => text.length > limit && [...text].length > limit;
const clip = (text = "", limit = 0) => (exceeds(text, limit) ? [...text].slice(0, limit - 3).join("") + "..." : text);
/** @type {string[]} */
const none = [];
/** @type {NewBranch} */
const branch = (name, row, rows, steps = [], record = "", prefix = ".", base = ".") =>
  ({ name, row, steps, record, reason: "", prefix, base, rows, met: 0 });

/** One shape for all rows, whatever their facts: engines read such objects several times as fast. @returns {Row} */
const newRow = () => ({
  name: "", type: "", leaf: false, typed: false, own: "", meets: 0, free: false, keyword: false, vocabulary: none, requires: none, check: () => "",
  access: undefined, limit: undefined, minimum: undefined, maximum: undefined, default: undefined, reserved: undefined,
  write_once: undefined, unique: undefined, clears: undefined, override: undefined, appends: undefined,
  blank_unset: undefined, per_session: undefined, guarded: undefined, targeted: undefined, asked: undefined,
  limit_option: undefined, since: undefined, publishes: undefined, grows: undefined,
});

export class Cmi {
  code = 0;
  diagnostic = "";
  /** @type {[element: string, rule: string][]} once each */
  tolerated = [];
  /** @type {Map<string, Place>} elements outside collections */
  #plain = new Map();
  /** @type {Node} */
  #root = { children: new Map(), rows: new Map() };
  /** @type {Map<string, string | null>} */
  #changed = new Map();
  /** @type {Map<string, { size: number }>} records of each collection */
  #counts = new Map();
  #noted = new Set();
  /** Where the last name in a collection was. @type {Branch} */
  #last = branch("", undefined, new Map());

  /** @param {Table} table @param {Record<string, string>} values @param {CmiOptions} [options] */
  constructor(table, values, { strictness = "tolerant", limits, edition = 4, navigationValid, languages } = {}) {
    this.tolerant = strictness === "tolerant";
    this.is12 = table.standard === "1.2";
    if (!this.tolerant && !this.is12 && !languages) throw TypeError("conformant SCORM 2004 needs languages.js");
    this.values = new Map(Object.entries(values));
    this.limits = { ...table.limits, ...limits };
    this.navigationValid = navigationValid;
    /** @type {string[]} */
    const targets = [];
    this.table = { ...table, targets, languages };
    for (const [name, type, facts] of table.rows) {
      if ((facts?.since ?? 0) > edition) continue;
      const leaf = type > "a" && type < "{";
      const typed = /^(response|pattern|feedback)$/.test(type);
      const own = { name, type, leaf, typed, keyword: name.includes("._"), own: name.slice(name.lastIndexOf(".n.") + 3), check: table.checks[type] };
      const row = Object.assign(newRow(), facts, own);
      const { access, guarded, unique, reserved, appends, keyword } = row;
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
      if (type === "[]") node.record = { children: new Map(), rows: new Map() };
      else if (row.targeted) targets.push(name.slice(name.lastIndexOf(".") + 1));
      else if (leaf && name.includes(".n.")) rows.set(row.own, row);
      else if (leaf) this.#plain.set(name, branch(name, row, rows));
    }
    for (const name of this.values.keys()) {
      for (const { index, count } of this.#find(name).steps) count.size = Math.max(count.size, index + 1);
    }
  }

  /** GetValue. Statuses are evaluated at every call. @returns {string} */
  get(element = "") {
    const place = this.#find(element);
    const { name, row, steps, reason, record } = place;
    for (let at = 0; at < steps.length; at++) {
      const { index, count } = steps[at];
      if (index >= count.size && (!reason || (this.is12 && reason === "unknown"))) return this.#refuse(element, 0, ["beyond", count.size]);
    }
    if (reason) return this.#refuse(element, 0, [reason]);
    this.code = 0;
    if (!row) return place.answer ?? String(this.#count(name).size);
    if (row.access === "wo" || (row.guarded && this.values.get(record + "_read") === "false")) return this.#refuse(element, 0, ["write_only"]);
    return (row.override && this.#overridden(row, row.override)) ?? this.#stored(row, name) ?? this.#refuse(element, 0, ["unset"]);
  }

  /** SetValue. A refused call changes nothing. */
  set(element = "", value = "") {
    const place = this.#find(element);
    const why = this.#barred(place, value) ?? this.#misfit(place, value);
    if (why) return this.#refuse(element, 1, why);
    this.code = 0;
    const { name, steps, record } = place;
    const row = /** @type {Row} */ (place.row);
    const previous = row.clears || row.appends ? this.values.get(name) : "";
    // The default language and nothing else is the empty text.
    if (value === "{lang=en}" && this.#kind(place) === "long-fill-in") value = "";
    const { appends } = row;
    this.values.set(name, appends ? (previous ?? "") + value : value);
    this.#changed.set(name, appends ? (this.#changed.get(name) ?? "") + value : value);
    for (let at = 0; at < steps.length; at++) if (steps[at].index === steps[at].count.size) steps[at].count.size++;
    if (place.met === row.meets - 1) place.met = row.meets;
    if (row.clears && previous !== undefined && previous !== value) for (const leaf of row.clears) this.#clear(record + leaf);
    return "true";
  }

  /** In the order of first setting; null where a value was removed. */
  takeChanges() {
    const changes = [...this.#changed];
    this.#changed.clear();
    return changes;
  }

  /** Forget what belongs to one communication session. */
  restart() {
    for (const { name, row } of this.#plain.values()) if (row?.per_session) this.values.delete(name);
  }

  /** Record once what was let through. */
  note(element = "", rule = "") {
    const key = rule + element.replace(/\d+/, "");
    if (!this.#noted.has(key)) this.tolerated.push([element, rule]);
    this.#noted.add(key);
  }

  /** A name in the last record or beside it needs no walk. @returns {Place} */
  #find(name = "") {
    const last = this.#last;
    const { prefix, base, rows, steps } = last;
    let row;
    if (name.startsWith(prefix)) row = rows.get(name.slice(prefix.length));
    else if (name.startsWith(base)) {
      const end = name.indexOf(".", base.length) + 1;
      const digits = name.slice(base.length, end - 1);
      const index = +digits >>> 0;
      if ("" + index === digits && (row = rows.get(name.slice(end)))) {
        steps[steps.length - 1].index = index;
        last.prefix = name.slice(0, end);
        if (!steps[1]) {
          last.record = last.prefix;
          last.met = 0;
        }
      }
    }
    if (row) {
      last.name = name;
      last.row = row;
      return last;
    }
    return this.#plain.get(name) ?? this.#walk(name, name.split("."));
  }

  /** @param {string} name @param {string[]} parts @returns {Place} */
  #walk(name, parts) {
    /** @type {Place["steps"]} */
    const steps = [];
    let node = this.#root;
    let path = "";
    let record = "";
    let prefix = "";
    let base = "";
    for (let at = 0; at < parts.length; at++) {
      let token = parts[at];
      let next = node.children.get(token);
      if (!next && node.record && node.row && /^\d+$/.test(token)) {
        steps.push({ path, index: +token, row: node.row, count: this.#count(path) });
        token = String(+token);
        base = path + ".";
        prefix = base + token + ".";
        record ||= prefix;
        next = node.record;
      }
      if (!next) return this.#astray(name, node, path, steps, token, parts.slice(at + 1));
      node = next;
      path += (path && ".") + token;
    }
    const { row } = node;
    if (!row?.leaf) return { name, steps, reason: "group" };
    const place = branch(path, row, node.rows, steps, record, prefix, base);
    if (record) this.#last = place;
    else if (row.targeted) place.reason = "target";
    return place;
  }

  /** A name that leads to no element: a target, a keyword, or nothing. @param {string} name @param {Node} node @param {string} path @param {Place["steps"]} steps @returns {Place} */
  #astray(name, { row, record, children }, path, steps, part = "", rest = none) {
    if (row?.targeted) return { name, row, steps, reason: /^\{target=[^}]+\}$/.test([part, ...rest].join(".")) ? "" : "target" };
    if (!/^_(children|count|version)$/.test(part) || !path || rest.length) {
      return { name, steps, reason: !name ? "empty" : record && part[0] !== "_" ? "index" : "unknown" };
    }
    const kept = { name: path, steps, keyword: true };
    if (part === "_count") return { ...kept, reason: record ? "" : "no_count" };
    if (part === "_version" || !row || row.leaf || row.publishes === false) return { ...kept, reason: "no" + part };
    const names = [...(record?.children ?? children).keys()];
    return { ...kept, answer: names.filter((child) => child[0] !== "_").join() };
  }

  /** A collection's count, kept current. */
  #count(path = "") {
    const count = this.#counts.get(path) ?? { size: 0 };
    this.#counts.set(path, count);
    return count;
  }

  #refuse(element = "", setting = 0, /** @type {NonNullable<Why>} */ [reason, detail = ""]) {
    const told = this.table.reasons[reason];
    this.code = +told[setting];
    this.diagnostic = clip(String(told[2]).replace(/\{[de]\}/g, (mark) => (mark === "{e}" ? clip(element, 100) : String(detail))), 254);
    return setting ? "false" : "";
  }

  /** Name, gap, dependency, access, other records. @param {Place} place @returns {Why} */
  #barred(place, value = "") {
    const { row, reason, steps, record } = place;
    if (place.keyword || row?.keyword) return ["keyword"];
    if (reason && reason !== "unknown") return [reason];
    let fresh;
    for (let at = 0; at < steps.length; at++) {
      const { index, count } = steps[at];
      if (index > count.size) return ["gap", count.size];
      if (index === count.size) fresh ??= steps[at];
    }
    if (!row) return ["unknown"];
    const { requires } = row;
    for (let at = place.met ?? 0; at < requires.length; at++) {
      const needed = record + requires[at];
      if (!this.values.has(needed)) return ["requires", clip(needed, 100)];
      place.met = at + 1;
    }
    if (row.free && !fresh) return;
    if (row.access === "ro" || (row.guarded && this.values.get(record + "_write") === "false")) return ["read_only"];
    if (fresh && fresh.row.grows === false) return ["closed", fresh.index];
    if (fresh && fresh.index >= this.limits.records_max) return ["too_many", this.limits.records_max];
    if (row.unique) {
      const current = this.values.get(place.name);
      if (row.write_once && current !== undefined && current !== value) return ["written"];
      const twin = current === value ? undefined : this.#twin(place, value);
      if (twin !== undefined) return ["not_unique", twin];
    }
    if (row.type !== "pattern" || !steps[1].index) return;
    const kind = this.#kind(place);
    if (this.table.single_pattern?.includes(kind)) return ["one_pattern", kind];
  }

  /** Length, type, range, tolerances, other patterns. @param {Place} place @returns {Why} */
  #misfit(place, value = "") {
    const { name } = place;
    const row = /** @type {Row} */ (place.row);
    const { limits, tolerant } = this;
    const whole = row.appends ? (this.values.get(name) ?? "") + value : value;
    if (whole.length > limits.value_chars_max && exceeds(whole, limits.value_chars_max)) return ["too_long", limits.value_chars_max];
    const kind = row.typed ? this.#kind(place) : "";
    const verdict = row.check(value, row, kind, this.table);
    if (verdict && (!tolerant || verdict === "type" || verdict === "range")) {
      return [verdict === "range" ? verdict : "type", this.#expected(row, kind)];
    }
    if (row.free && !verdict && value.length <= (row.limit || Infinity)) return;
    if (row.reserved?.includes(value)) return ["reserved"];
    const twin = row.type === "pattern" && /^(choice|sequencing)$/.test(kind) ? this.#twin(place, value, kind) : undefined;
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

  /** The type of the interaction around an element. @param {Place} place */
  #kind({ row, record }) {
    return (row?.typed && this.values.get(record + "type")) || "";
  }

  /** @param {Row} row */
  #stored(row, name = "") {
    if (row.asked && this.navigationValid) return this.navigationValid(name);
    const value = this.values.get(name);
    return value === undefined || (row.blank_unset && !value) ? row.default : value;
  }

  /** The computed status, if any. @param {Row} row @param {string[]} override */
  #overridden(row, [threshold, measure, reached, missed]) {
    const limit = parseReal(this.values.get(threshold));
    const value = parseReal(this.values.get(measure));
    if (limit === limit) return value !== value ? row.default : value >= limit ? reached : missed;
  }

  /** The first other record with the same value. @param {Place} place */
  #twin({ name, steps }, value = "", kind = "") {
    const { path, index } = steps[steps.length - 1];
    const leaf = name.slice(name.lastIndexOf("."));
    const sorted = (text = "") => (kind === "choice" ? text.split("[,]").sort().join("[,]") : text);
    for (let at = 0; at < this.#count(path).size; at++) {
      const stored = this.values.get(path + "." + at + leaf);
      if (at !== index && stored !== undefined && sorted(stored) === sorted(value)) return at;
    }
  }

  /** Remove an element, or a collection's records. */
  #clear(path = "") {
    const names = this.values.has(path) ? [path] : [];
    const count = this.#count(path);
    for (let at = 0; at < count.size; at++) names.push(`${path}.${at}.pattern`);
    count.size = 0;
    for (const name of names) {
      this.values.delete(name);
      this.#changed.delete(name);
      this.#changed.set(name, null);
    }
  }
}

/** The player acts through the hooks. @type {CreateApi} */
export function createApi(version, cmi, hooks) {
  const { calls, errors, states } = cmi.table;
  const [initialize, terminate, get, set, commit, lastError, errorString, diagnostic] = calls;
  let state = 0; // not initialized, running, terminated
  let error = 0;
  let told = "";

  const text = (/** @type {any} */ argument) => (argument == null && cmi.tolerant ? "" : String(argument));
  const done = (code = 0, diagnostic = "") => {
    error = code;
    told = diagnostic;
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
    [get[0]](element) {
      if (misplaced(get)) return "";
      const value = cmi.get(text(element));
      done(cmi.code, cmi.code ? cmi.diagnostic : "");
      return value;
    },
    [set[0]](element, value) {
      if (misplaced(set)) return "false";
      cmi.set(text(element), text(value));
      if (!cmi.code) hooks.changed();
      return done(cmi.code, cmi.code ? cmi.diagnostic : "");
    },
    [commit[0]]: (argument) =>
      misplaced(commit) || misused(commit, argument) ? "false" : carryOut(commit, hooks.commit),
    [lastError[0]]: () => String(error),
    [errorString[0]]: (code) => errors[text(code)] ?? "",
    [diagnostic[0]](code) {
      const asked = text(code);
      return (asked === "" || asked === String(error) ? told || errors[error] : errors[asked]) ?? "";
    },
  };
}
