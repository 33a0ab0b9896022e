// What JSON lines cannot show of the API object: its properties, what it makes of values that are no strings, its hooks.
import assert from "node:assert/strict";

const player = new URL("../../../src/scorm_embed/web/static/player/", import.meta.url);
const load = (name) => import(new URL(name, player));
const { Cmi, createApi } = await load("cmi.js");
const [table12, table2004] = [(await load("tables12.js")).default, (await load("tables2004.js")).default];
const hooks = { initialize: () => true, commit: () => true, terminate: () => true, changed() {} };
const open = (table = table2004, values = {}, options = {}) => {
  const cmi = new Cmi(table, values, options);
  return { cmi, api: createApi(table === table12 ? "1.2" : "2004", cmi, hooks) };
};

// Exactly the standard's methods, and a version in 2004.
const names2004 = ["Initialize", "Terminate", "GetValue", "SetValue", "Commit", "GetLastError", "GetErrorString", "GetDiagnostic"];
const names12 = ["LMSInitialize", "LMSFinish", "LMSGetValue", "LMSSetValue", "LMSCommit", "LMSGetLastError", "LMSGetErrorString", "LMSGetDiagnostic"];
assert.deepEqual(Object.keys(open().api).sort(), ["version", ...names2004].sort());
assert.equal(open().api.version, "1.0");
assert.deepEqual(Object.keys(open(table12).api).sort(), names12.sort());

// Methods work without their object, as content that keeps a reference calls them.
{
  const { Initialize, GetValue, GetLastError } = open().api;
  assert.equal(Initialize(""), "true");
  assert.equal(GetValue("cmi.mode"), "normal");
  assert.equal(GetLastError(), "0");
}

// Values that are no strings are coerced; every answer is a string.
{
  const { api } = open(table12);
  api.LMSInitialize("");
  for (const [value, read] of [[85, "85"], [0, "0"], [33.5, "33.5"], [null, ""], [undefined, ""], [new String("7"), "7"]]) {
    assert.equal(api.LMSSetValue("cmi.core.score.raw", value), "true");
    assert.equal(api.LMSGetValue("cmi.core.score.raw"), read);
  }
  assert.equal(api.LMSSetValue("cmi.suspend_data", true), "true");
  assert.equal(api.LMSGetValue("cmi.suspend_data"), "true");
  assert.equal(api.LMSSetValue("cmi.core.score.raw", {}), "false");
  assert.equal(api.LMSGetLastError(), "405");
  assert.equal(api.LMSGetErrorString(405), "Incorrect data type");
  assert.equal(api.LMSGetDiagnostic(403), "Element is read only");
  for (const name of names12) assert.equal(typeof api[name](), "string");
}

// Accepted values only are reported to the player.
{
  const cmi = new Cmi(table2004, {});
  let changed = 0;
  const api = createApi("2004", cmi, { ...hooks, changed: () => changed++ });
  api.Initialize("");
  api.SetValue("cmi.location", "1");
  api.SetValue("cmi.location", "2");
  api.SetValue("cmi.score.scaled", "2");
  assert.equal(changed, 2);
  assert.deepEqual(cmi.takeChanges(), [["cmi.location", "2"]]);
  assert.deepEqual(cmi.takeChanges(), []);
}

// A conformant player of SCORM 2004 cannot run without the code lists; a tolerant one takes every well-formed tag.
assert.throws(() => open(table2004, {}, { strictness: "conformant" }), TypeError);
{
  const { api, cmi } = open();
  api.Initialize("");
  assert.equal(api.SetValue("cmi.learner_preference.language", "frl"), "true");
  assert.equal(api.SetValue("cmi.learner_preference.language", "not a language"), "false");
  assert.deepEqual(cmi.tolerated, []);
}

// What the player changes while the content runs is seen at once.
{
  let valid = "unknown";
  const { api } = open(table2004, {}, { navigationValid: () => valid });
  api.Initialize("");
  valid = "true";
  assert.equal(api.GetValue("adl.nav.request_valid.continue"), "true");
}

// Two objects share nothing.
{
  const [one, two] = [open().api, open().api];
  one.Initialize("");
  assert.equal(two.SetValue("cmi.location", "1"), "false");
  one.SetValue("cmi.interactions.0.id", "q");
  two.Initialize("");
  assert.equal(two.GetValue("cmi.interactions._count"), "0");
}

// Values may come in any order, with records missing; what content then sets joins them.
{
  const values = { "cmi.interactions.10.type": "choice", "cmi.interactions.10.id": "ten", "cmi.interactions.2.id": "two", "cmi.objectives.1.id": "o" };
  const { api, cmi } = open(table2004, values);
  api.Initialize("");
  assert.equal(api.GetValue("cmi.interactions._count"), "11");
  assert.equal(api.GetValue("cmi.objectives._count"), "2");
  assert.equal(api.GetValue("cmi.interactions.10.id"), "ten");
  assert.equal(api.GetValue("cmi.interactions.2.id"), "two");
  assert.equal(api.SetValue("cmi.interactions.10.learner_response", "a"), "true");
  assert.equal(api.SetValue("cmi.interactions.5.id", "five"), "true");
  assert.equal(api.SetValue("cmi.interactions.12.id", "far"), "false");
  assert.equal(api.SetValue("cmi.interactions.11.id", "next"), "true");
  assert.equal(api.GetValue("cmi.interactions.5.id"), "five");
  assert.equal(api.GetValue("cmi.interactions._count"), "12");
  assert.deepEqual(cmi.takeChanges().map(([name]) => name.slice(17)), ["10.learner_response", "5.id", "11.id"]);
}

// Patterns that a change of type removed are told as removed, and as their new values where they came again.
{
  const { api, cmi } = open();
  const name = "cmi.interactions.0.";
  const pattern = name + "correct_responses.0.pattern";
  api.Initialize("");
  for (const [leaf, value] of [["id", "q"], ["type", "choice"], ["correct_responses.0.pattern", "a"], ["correct_responses.1.pattern", "b"]]) {
    assert.equal(api.SetValue(name + leaf, value), "true");
  }
  cmi.takeChanges();
  assert.equal(api.SetValue(name + "type", "fill-in"), "true");
  assert.equal(api.GetValue(name + "correct_responses._count"), "0");
  assert.equal(api.GetValue(pattern), "");
  assert.equal(api.SetValue(pattern, "word"), "true");
  assert.equal(api.GetValue(name + "correct_responses._count"), "1");
  assert.deepEqual(cmi.takeChanges(), [[name + "type", "fill-in"], [pattern, "word"], [name + "correct_responses.1.pattern", null]]);
}
