// Times the same calls on both API objects in one page, each on a fresh object, in parts: a part during which the machine
// did something else is then one of many.
import { Cmi, createApi } from "/player/cmi.js";
import table from "/player/tables2004.js";
import { Scorm2004API } from "/scorm-again/scorm2004.min.js";

const yes = () => true;
const makers = {
  scorm_embed: () => createApi("2004", new Cmi(table, {}), { initialize: yes, commit: yes, terminate: yes, changed() {} }),
  "scorm-again": () => new Scorm2004API({ autocommit: false, logLevel: 5 }),
};
const interactions = 500;
const calls = {
  "SetValue cmi.location": (api, from, to) => { for (let i = from; i < to; i++) expect(api.SetValue("cmi.location", "p" + i)); },
  "GetValue cmi.location": (api, from, to) => { for (let i = from; i < to; i++) if (api.GetValue("cmi.location") === "") throw Error("no value"); },
  [`${interactions} interactions of 4 elements`]: (api, from, to) => {
    for (let i = from; i < to; i++) {
      const name = "cmi.interactions." + i;
      expect(api.SetValue(name + ".id", "question_" + i));
      expect(api.SetValue(name + ".type", "choice"));
      expect(api.SetValue(name + ".learner_response", "a[,]c"));
      expect(api.SetValue(name + ".result", "correct"));
    }
  },
};

function expect(answer) {
  if (answer !== "true") throw Error("SetValue answered " + answer);
}

/** Microseconds of each part of each row, in the order in which the makers are given; the clock must be a fine one. */
export async function measure(order, n, parts, pause) {
  if (!crossOriginIsolated) throw Error("the clock is coarse");
  const taken = {};
  for (const name of order) {
    await new Promise((done) => setTimeout(done, pause));
    const api = makers[name]();
    expect(api.Initialize(""));
    for (const [label, call] of Object.entries(calls)) {
      const each = (label.startsWith(interactions) ? interactions : n) / parts;
      const times = ((taken[label] ??= {})[name] = []);
      for (let part = 0; part < parts; part++) {
        const start = performance.now();
        call(api, part * each, (part + 1) * each);
        times.push((performance.now() - start) * 1000);
      }
    }
  }
  return taken;
}
