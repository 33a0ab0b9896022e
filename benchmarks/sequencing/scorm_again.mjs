// Times one `continue` of scorm-again per size; run by navigation.py. The sizes come as JSON, the medians go out as JSON.
import { Scorm2004API } from "scorm-again/scorm2004";

const flow = { choice: true, flow: true };
const log = console.log;
console.log = () => {};

function tree(leaves, clusters) {
  const list = (count, make) => Array.from({ length: count }, (_, index) => make(index));
  return {
    id: "root",
    title: "root",
    sequencingControls: flow,
    children: list(clusters, (k) => ({
      id: `c${k}`,
      title: `c${k}`,
      sequencingControls: flow,
      children: list(leaves / clusters, (j) => ({ id: `a${k}_${j}`, title: `a${k}_${j}` })),
    })),
  };
}

const medians = {};
for (const [leaves, clusters] of JSON.parse(process.argv[2])) {
  const api = new Scorm2004API({ autocommit: false, logLevel: 5, sequencing: { activityTree: tree(leaves, clusters) } });
  api.lmsInitialize();
  const taken = [];
  for (let round = 0; round < 20; round++) {
    const begun = process.cpuUsage();
    if (!api.processNavigationRequest("continue")) throw new Error("continue was refused");
    const used = process.cpuUsage(begun);
    if (round >= 5) taken.push((used.user + used.system) / 1000);
  }
  taken.sort((one, other) => one - other);
  medians[leaves] = taken[Math.floor(taken.length / 2)];
}
log(JSON.stringify(medians));
