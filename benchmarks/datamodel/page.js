// Times the same calls on both API objects in one page, each on a fresh object.
import { Cmi, createApi } from "/player/cmi.js";
import table from "/player/tables2004.js";
import { Scorm2004API } from "/scorm-again/scorm2004.min.js";

const yes = () => true;
const makers = {
  scorm_embed: () => createApi("2004", new Cmi(table, {}), { initialize: yes, commit: yes, terminate: yes, changed() {} }),
  "scorm-again": () => new Scorm2004API({ autocommit: false, logLevel: 5 }),
};
const calls = {
  "SetValue cmi.location": (api, n) => { for (let i = 0; i < n; i++) expect(api.SetValue("cmi.location", "p" + i)); return n; },
  "GetValue cmi.location": (api, n) => { for (let i = 0; i < n; i++) if (api.GetValue("cmi.location") === "") throw Error("no value"); return n; },
  "500 interactions of 4 elements": (api) => {
    for (let i = 0; i < 500; i++) {
      const name = "cmi.interactions." + i;
      expect(api.SetValue(name + ".id", "question_" + i));
      expect(api.SetValue(name + ".type", "choice"));
      expect(api.SetValue(name + ".learner_response", "a[,]c"));
      expect(api.SetValue(name + ".result", "correct"));
    }
    return 2000;
  },
};

function expect(answer) {
  if (answer !== "true") throw Error("SetValue answered " + answer);
}

/** Microseconds a call of each, in the order in which the makers are given. */
export function measure(order, n) {
  const taken = {};
  for (const name of order) {
    const api = makers[name]();
    expect(api.Initialize(""));
    for (const [label, call] of Object.entries(calls)) {
      const start = performance.now();
      const done = call(api, n);
      (taken[label] ??= {})[name] = ((performance.now() - start) * 1000) / done;
    }
  }
  return taken;
}
