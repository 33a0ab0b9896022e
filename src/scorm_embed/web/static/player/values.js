// Data types, as in core/values. A verdict is "", "type" or "range" (never stored), or a deviation that is tolerated.

export const REAL = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;
export const DECIMAL = /^-?(\d+(\.\d*)?|\.\d+)$/;
const EXPONENT = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;
const ISO =
  /^P(?:\d{1,12}Y)?(?:\d{1,12}M)?(?:\d{1,12}D)?(?:T(?:\d{1,12}H)?(?:\d{1,12}M)?(?:\d{1,12}(?:([.,])(\d*))?S)?)?$/;
const TIME =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?(Z|[+-](\d\d)(?::(\d\d))?)?)?)?)?$/;
export const SPAN = /^(\d{1,12}):(\d{1,2}):(\d{1,2})(?:([.,])(\d*))?$/;
/** Anything but white space and control characters. */
export const VISIBLE = /[^\x00-\x20\x7f-\xa0]/;

export const misfit = (verdict = "") => verdict === "type" || verdict === "range";

/** The number a text stands for, NaN when it is none or infinite. */
export const parseReal = (text = "") => (EXPONENT.test(text) && isFinite(+text) ? +text : NaN);

/** @param {RegExp} form @param {string} text @param {import("./datamodel").Facts} [row] */
export function number(form, text, { minimum = -Infinity, maximum = Infinity } = {}) {
  const value = parseReal(text);
  if (value !== value) return "type";
  return value < minimum || value > maximum ? "range" : form.test(text) ? "" : "number-exponent";
}

/** The seconds' fraction of a duration. */
export const fraction = (point = "", digits = "") =>
  point === "," ? "duration-comma" : point && !/^\d\d?$/.test(digits) ? "duration-decimals" : "";

export const iso = (text = "") => (/[PT]$/.test(text) ? null : ISO.exec(text));

export function timestamp(text = "") {
  const found = TIME.exec(text);
  if (!found) return "type";
  const [year, month, day, hour, minute, second] = [0, 1, 1, 0, 0, 0].map((absent, at) => +(found[at + 1] ?? absent));
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  const [decimals = "", zone, zoneHour = 0, zoneMinute = 0] = found.slice(7);
  if (month < 1 || month > 12 || day < 1 || day > days) return "type";
  if (hour > 23 || minute > 59 || second > 59 || +zoneHour > 23 || +zoneMinute > 59) return "type";
  if (zone && !decimals) return "timestamp-zone";
  return decimals.length > 2 ? "timestamp-decimals" : year < 1970 || year > 2038 ? "timestamp-year" : "";
}

/** The language tag before a localized string, and the text. @returns {[tag: string | null, text: string]} */
export function splitLocalized(text = "") {
  const end = text.startsWith("{lang=") ? text.indexOf("}") : 0;
  return end > 0 ? [text.slice(6, end), text.slice(end + 1)] : [null, text];
}
