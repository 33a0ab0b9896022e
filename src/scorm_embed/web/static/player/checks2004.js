// The data types of SCORM 2004.

import { REAL, SPAN, VISIBLE, fraction, iso, misfit, number, splitLocalized, timestamp } from "./values.js";

/** @import { Check, Part, Table } from "./datamodel" */

const URI =
  /^(?:([A-Za-z][A-Za-z0-9+.-]*):(?=[^#])|(?![^/?#]*:))(?:[A-Za-z0-9._~:/?@!$&'()*+,;=\u00a1-\u{10ffff}-]|%[0-9A-Fa-f]{2})*(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=\u00a1-\u{10ffff}-]|%[0-9A-Fa-f]{2})*)?$/u;

const PLAIN = /^[\w.-]+$/;

/** The graver of two verdicts. */
const worst = (a = "", b = "") => (misfit(a) ? a : misfit(b) ? b : a || b);
/** @param {Part} check @param {Table} table */
const each = (text = "", separator = "", check, table, parts = text.split(separator)) => {
  let verdict = "";
  for (let at = 0; at < parts.length; at++) {
    const found = check(parts[at], table);
    if (found) verdict = worst(verdict, found);
  }
  return verdict;
};

function uri(text = "") {
  if (PLAIN.test(text)) return "";
  if (!VISIBLE.test(text) || /^urn:$/i.test(text)) return "type";
  const found = URI.exec(text);
  const urn = found?.[1]?.toLowerCase() === "urn";
  return found && (!urn || /^urn:[A-Za-z0-9][A-Za-z0-9-]*:[^\0]+$/i.test(text)) ? "" : "identifier-characters";
}

/** Without the code lists every well-formed tag will do. @type {Part} */
function language(text, { languages }) {
  if (!/^[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*$/.test(text)) return "type";
  if (!languages) return "";
  const [code, second] = text.split("-").map((part) => part.toLowerCase());
  const known =
    code === "i" || code === "x"
      ? second
      : (languages[0].has(code) || /^q[a-t][a-z]$/.test(code)) && (second?.length !== 2 || languages[1].has(second));
  return known && !text.includes("_") ? "" : "language-tag";
}

/** @type {Part} */
function localized(text, table) {
  const tag = splitLocalized(text)[0];
  return tag === null ? "" : language(tag, table);
}

/** A range of numbers, open where a side is empty. */
function range(text = "") {
  const at = text.indexOf("[:]");
  if (at < 0) return number(REAL, text) === "type" ? "type" : "numeric-pattern";
  const [low, high] = [text.slice(0, at), text.slice(at + 3)];
  return low && high && +low > +high ? "type" : worst(low && number(REAL, low), high && number(REAL, high));
}

/** Steps with their answers. @param {Part} answers @returns {Part} */
const performance = (answers) => (text, table) =>
  each(text, "[,]", (part) => {
    const [step, answer, more] = part.split("[.]");
    if (answer === undefined || more !== undefined || !(step || answer)) return "type";
    return worst(step && uri(step), answers(answer, table));
  }, table);

/** What follows {case_matters=} and {order_matters=}, each taken once. @param {Part} check @returns {Part} */
const withOptions = (names = "", check) => (text, table) => {
  for (let left = names, found; (found = /^\{(case|order)_matters=([^}]*)\}/.exec(text)) && left.includes(found[1]); ) {
    if (found[2] !== "true" && found[2] !== "false") return "type";
    left = left.replace(found[1], "");
    text = text.slice(found[0].length);
  }
  return check(text, table);
};

/** @type {Part} */
const texts = (text, table) => each(text, "[,]", localized, table);
/** @type {Part} */
const members = (text, table) => each(text, "[,]", uri, table);

/** Types that are not here take any text. @type {Record<string, Part>} */
const RESPONSES = {
  "true-false": (text) =>
    text === "true" || text === "false" ? "" : /^(t|f|true|false|0|1)$/i.test(text) ? "true-false-form" : "type",
  choice: (text, table) => {
    const parts = text.split("[,]");
    return text && (new Set(parts).size < parts.length ? "type" : each("", "", uri, table, parts));
  },
  "fill-in": texts,
  "long-fill-in": localized,
  likert: uri,
  matching: (text, table) =>
    each(text, "[,]", (pair) => (pair.split("[.]").length === 2 ? each(pair, "[.]", uri, table) : "type"), table),
  performance: performance(() => ""),
  sequencing: members,
  numeric: (text) => number(REAL, text),
};

/** @type {Record<string, Part>} */
const PATTERNS = {
  ...RESPONSES,
  "fill-in": withOptions("case order", texts),
  "long-fill-in": withOptions("case", localized),
  performance: withOptions("order", performance((answer) => (answer.includes("[:]") ? range(answer) : ""))),
  numeric: range,
};

/** @type {Record<string, Check>} */
export default {
  text: () => "",
  token: (value, row) => (row.vocabulary.includes(value) ? "" : "type"),
  localized: (value, row, kind, table) => localized(value, table),
  language: (value, row, kind, table) => (row.vocabulary.includes(value) ? "" : language(value, table)),
  uri,
  real: (value, row) => number(REAL, value, row),
  result: (value, row) => (row.vocabulary.includes(value) ? "" : number(REAL, value)),
  timestamp,
  interval: (value) => {
    const found = iso(value);
    return found ? fraction(found[1], found[2]) : SPAN.test(value) ? "duration-form" : "type";
  },
  response: (value, row, kind, table) => RESPONSES[kind]?.(value, table) ?? "",
  pattern: (value, row, kind, table) => PATTERNS[kind]?.(value, table) ?? "",
  navigation: (value, row, kind, { targets = [] }) => {
    const target = /^\{target=[^}]+\}(.*)$/s.exec(value);
    return row.vocabulary.includes(value) || (target && targets.includes(target[1])) ? "" : "type";
  },
};
