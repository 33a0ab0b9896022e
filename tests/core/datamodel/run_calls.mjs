// Plays calls against the browser's interpreter: JSON lines in, JSON lines out, one line a case. A case is
// {standard, strictness, values, limits?, hooks?, validities?, calls: [[method, ...arguments], ...]}; the answer is
// [[value, error code, diagnostic], ...] of every call, then what is left in the state.
import { createInterface } from "node:readline";

const player = new URL("../../../src/scorm_embed/web/static/player/", import.meta.url);
const load = async (name) => import(new URL(name, player));
const { Cmi, createApi } = await load("cmi.js");
const tables = { "1.2": (await load("tables12.js")).default, 2004: (await load("tables2004.js")).default };
const languages = (await load("languages.js")).default;
const editions = { scorm_1_2: 0, scorm_2004_2nd: 2, scorm_2004_3rd: 3, scorm_2004_4th: 4 };

function play({ standard, strictness, values, limits, hooks = {}, validities, calls }) {
  const edition = editions[standard];
  const version = edition ? "2004" : "1.2";
  const cmi = new Cmi(tables[version], values, {
    strictness, limits, edition, languages,
    navigationValid: validities && ((name) => validities[name] ?? "unknown"),
  });
  const hook = (name) => () => hooks[name] ?? true;
  let changed = 0;
  const api = createApi(version, cmi, {
    initialize: hook("initialize"), commit: hook("commit"), terminate: hook("terminate"), changed: () => changed++,
  });
  const [lastError, diagnostic] = [cmi.table.calls[5][0], cmi.table.calls[7][0]];
  const answers = calls.map(([method, ...args]) => [api[method](...args), api[lastError](), api[diagnostic]("")]);
  const held = new Map(Object.entries(values));
  for (const { held: all } of [cmi.top.record, ...[...cmi.lists.values()].flatMap(({ records }) => records)]) {
    for (const { record, row, value } of all.flat()) {
      const name = record.prefix + row.own;
      if (value === undefined) held.delete(name);
      else held.set(name, value);
    }
  }
  return { answers, values: Object.fromEntries(held), changes: cmi.takeChanges(), tolerated: cmi.tolerated, changed };
}

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(play(JSON.parse(line))));
