// The data types of SCORM 1.2.

import { DECIMAL, SPAN, VISIBLE, fraction, iso, misfit, number, timestamp } from "./values.js";

const ONE = "[0-9A-Za-z]";
/** A list, with or without braces. @param {string} item @returns {RegExp} */
const list = (item) => RegExp(`^((${item}(,${item})*)?|{${item}(,${item})*})$`);

/** What responses look like; types that are not here take any text. @type {Record<string, RegExp>} */
const FEEDBACK = {
  "true-false": /^([01tfTF]|true|false)$/,
  choice: list(ONE),
  sequencing: list(ONE),
  matching: list(`${ONE}\\.${ONE}`),
  likert: /^[0-9A-Za-z]?$/,
  numeric: DECIMAL,
};

/** @type {Record<string, import("./datamodel").Check>} */
export default {
  text: () => "",
  token: (value, row) => (row.vocabulary.includes(value) ? "" : "type"),
  identifier: (value) => (/^[^\x00-\x20\x7f-\xa0]+$/.test(value) ? "" : VISIBLE.test(value) ? "identifier-characters" : "type"),
  decimal: (value) => number(DECIMAL, value),
  score: (value, row) => {
    const verdict = value && number(DECIMAL, value, row);
    return verdict === "range" ? "score-range" : verdict;
  },
  integer: (value, row) => (/^-?\d+$/.test(value) ? (number(DECIMAL, value, row) && "range") : "type"),
  time: (value) => {
    const found = /^(\d\d?):(\d\d?):(\d\d?)(\.\d+)?$/.exec(value);
    if (!found) return misfit(timestamp(value)) ? "type" : "time-form";
    const [, hour, minute, second, decimals = ""] = found;
    if (+hour > 23 || +minute > 59 || +second > 59) return "type";
    return hour.length + minute.length + second.length < 6 || decimals.length > 3 ? "time-form" : "";
  },
  timespan: (value) => {
    const found = SPAN.exec(value);
    if (!found) return iso(value) ? "duration-form" : "type";
    return fraction(found[4], found[5]) || (/^\d{2,4}:\d\d:\d\d/.test(value) ? "" : "duration-digits");
  },
  grade: (value, row) => (row.vocabulary.includes(value) ? "" : number(DECIMAL, value)),
  feedback: (value, row, kind) => (!FEEDBACK[kind] || FEEDBACK[kind].test(value) ? "" : "response-format"),
};
