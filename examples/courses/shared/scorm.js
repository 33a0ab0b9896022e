/*
 * The one place where a course talks to the learning system.
 *
 * Finds API_1484_11 (SCORM 2004) or API (SCORM 1.2) and offers the same few verbs for both, so that the pages need not know
 * which one they run in. Without either it does nothing and says so: the pages can be read from a folder.
 * A refused value is written to the console and never shown to the learner, who can do nothing about it.
 */
(function () {
  "use strict";

  /** Looks up the parent chain, then at the opener and its parents; a page of another origin ends the search. */
  function find(name) {
    function climb(frame) {
      try {
        for (let depth = 0; frame && depth < 50; depth += 1) {
          if (frame[name]) return frame[name];
          if (frame.parent === frame) return null;
          frame = frame.parent;
        }
      } catch { /* a frame of another origin: the API is not behind it */ }
      return null;
    }
    return (window.parent !== window && climb(window.parent)) || (window.opener && climb(window.opener)) || null;
  }

  const api2004 = find("API_1484_11");
  const api12 = api2004 ? null : find("API");
  const api = api2004 || api12;
  const is2004 = api2004 !== null;
  const started = performance.now();
  let state = "new"; // new, running, over

  const method = is2004
    ? { start: "Initialize", end: "Terminate", get: "GetValue", set: "SetValue", commit: "Commit",
        code: "GetLastError", text: "GetErrorString", why: "GetDiagnostic" }
    : { start: "LMSInitialize", end: "LMSFinish", get: "LMSGetValue", set: "LMSSetValue", commit: "LMSCommit",
        code: "LMSGetLastError", text: "LMSGetErrorString", why: "LMSGetDiagnostic" };

  function call(verb, ...given) {
    return String(api[method[verb]](...given));
  }

  function complain(what) {
    const code = call("code");
    console.warn(`SCORM: ${what} was refused with ${code}: ${call("text", code)} ${call("why", code)}`);
  }

  /** Returns the value as text, "" where there is none. */
  function get(element) {
    return state === "running" ? call("get", element) : "";
  }

  function set(element, value) {
    if (state !== "running") return false;
    const done = call("set", element, String(value)) === "true";
    if (!done) complain(`${element} = ${JSON.stringify(String(value))}`);
    return done;
  }

  const two = (number) => String(Math.floor(number)).padStart(2, "0");

  /** A length of time: PT1M30.25S in 2004, 0000:01:30.25 in 1.2. */
  function span(milliseconds) {
    const hundredths = Math.max(0, Math.round(milliseconds / 10));
    const hours = Math.floor(hundredths / 360000);
    const minutes = Math.floor(hundredths / 6000) % 60;
    const seconds = (hundredths % 6000) / 100;
    if (is2004) return `PT${hours}H${minutes}M${seconds}S`;
    return `${String(hours).padStart(4, "0")}:${two(minutes)}:${seconds.toFixed(2).padStart(5, "0")}`;
  }

  /** A moment: the full UTC time in 2004 (hundredths are all it allows), the local time of day in 1.2. */
  function moment(date) {
    const hundredths = two(date.getMilliseconds() / 10);
    if (is2004) return `${date.toISOString().slice(0, 19)}.${hundredths}Z`;
    return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${hundredths}`;
  }

  /** The place of a record with this id in a list that both sides may have begun; a new one where there is none. */
  function record(list, id) {
    const count = Number(get(`${list}._count`)) || 0;
    for (let index = 0; index < count; index += 1) {
      if (get(`${list}.${index}.id`) === id) return `${list}.${index}`;
    }
    set(`${list}.${count}.id`, id);
    return `${list}.${count}`;
  }

  const scorm = {
    /** "2004", "1.2", or null when the page runs outside a learning system. */
    standard: is2004 ? "2004" : api ? "1.2" : null,
    get,
    set,

    /** Begins the communication session; answers what the learner left behind. */
    start() {
      if (!api || state !== "new") return { connected: false, resuming: false, location: "", memory: {} };
      if (call("start", "") !== "true") {
        complain("Initialize");
        return { connected: false, resuming: false, location: "", memory: {} };
      }
      state = "running";
      const entry = get(is2004 ? "cmi.entry" : "cmi.core.entry");
      let memory = {};
      try {
        memory = JSON.parse(get("cmi.suspend_data") || "{}");
      } catch (error) {
        console.warn("SCORM: the saved state cannot be read; the lesson starts afresh", error);
      }
      return {
        connected: true,
        resuming: entry === "resume",
        location: get(is2004 ? "cmi.location" : "cmi.core.lesson_location"),
        memory,
      };
    },

    /** Whether the course may still be saved to. */
    get running() { return state === "running"; },

    /** Keeps the place and whatever the page needs to come back to it. */
    remember(location, memory) {
      set(is2004 ? "cmi.location" : "cmi.core.lesson_location", location);
      set("cmi.suspend_data", JSON.stringify(memory));
    },

    /** What was stored about completion and success: {completed, passed, failed}. */
    status() {
      const lesson = is2004 ? get("cmi.completion_status") : get("cmi.core.lesson_status");
      const success = is2004 ? get("cmi.success_status") : lesson;
      return {
        completed: is2004 ? lesson === "completed" : ["completed", "passed", "failed"].includes(lesson),
        passed: success === "passed",
        failed: success === "failed",
      };
    },

    /**
     * Reports completion (true, false) and success (true, false, or null where the page is no test).
     * SCORM 1.2 has one word for both: a test that is over is passed or failed.
     */
    report(completed, success = null) {
      const verdict = success === null ? null : success ? "passed" : "failed";
      if (is2004) {
        set("cmi.completion_status", completed ? "completed" : "incomplete");
        if (verdict) set("cmi.success_status", verdict);
      } else {
        set("cmi.core.lesson_status", !completed ? "incomplete" : verdict || "completed");
      }
    },

    /** How much of the page has been seen, 0 to 1; SCORM 1.2 has no place for it. */
    progress(part) {
      if (is2004) set("cmi.progress_measure", Number(part.toFixed(4)));
    },

    /** A score from 0 to 1, written as points of 100 as well. */
    score(part) {
      const prefix = is2004 ? "cmi.score" : "cmi.core.score";
      if (is2004) set("cmi.score.scaled", Number(part.toFixed(4)));
      set(`${prefix}.raw`, Number((100 * part).toFixed(2)));
      set(`${prefix}.min`, 0);
      set(`${prefix}.max`, 100);
    },

    /** The mark to reach, 0 to 1, as the learning system knows it; `fallback` where it does not say. */
    passMark(fallback) {
      const given = get(is2004 ? "cmi.scaled_passing_score" : "cmi.student_data.mastery_score");
      return given === "" || Number.isNaN(Number(given)) ? fallback : Number(given) / (is2004 ? 1 : 100);
    },

    /** What is known about an objective: true, false, or null. */
    objective(id) {
      const count = Number(get("cmi.objectives._count")) || 0;
      for (let index = 0; index < count; index += 1) {
        if (get(`cmi.objectives.${index}.id`) !== id) continue;
        const known = get(`cmi.objectives.${index}.${is2004 ? "success_status" : "status"}`);
        return known === "passed" ? true : known === "failed" ? false : null;
      }
      return null;
    },

    /** Reports an objective: passed or not, with the part of its questions that was right. */
    reportObjective(id, passed, part) {
      const place = record("cmi.objectives", id);
      set(`${place}.${is2004 ? "success_status" : "status"}`, passed ? "passed" : "failed");
      if (part === undefined) return;
      if (is2004) set(`${place}.score.scaled`, Number(part.toFixed(4)));
      set(`${place}.score.raw`, Number((100 * part).toFixed(2)));
      set(`${place}.score.min`, 0);
      set(`${place}.score.max`, 100);
    },

    /**
     * Appends one answered question.
     * answer and correct are lists of ids; for matching, of [source, target]; for numeric, [number] and [lowest, highest].
     */
    interaction({ id, objective, type, description, answer, correct, right, weighting, answeredAt, latency }) {
      const place = `cmi.interactions.${Number(get("cmi.interactions._count")) || 0}`;
      const form = is2004 ? form2004 : form12;
      set(`${place}.id`, id);
      set(`${place}.type`, type);
      set(`${place}.objectives.0.id`, objective);
      set(`${place}.${is2004 ? "timestamp" : "time"}`, moment(answeredAt));
      set(`${place}.correct_responses.0.pattern`, form(type, correct, true));
      set(`${place}.weighting`, weighting);
      set(`${place}.${is2004 ? "learner_response" : "student_response"}`, form(type, answer, false));
      set(`${place}.result`, right ? "correct" : is2004 ? "incorrect" : "wrong");
      set(`${place}.latency`, span(latency));
      if (is2004) set(`${place}.description`, description.slice(0, 250));
    },

    /** Asks the learning system where to go once the page has ended; false where it knows no such way (SCORM 1.2). */
    request(navigation) {
      if (!is2004 || state !== "running") return false;
      if (["continue", "previous"].includes(navigation) && get(`adl.nav.request_valid.${navigation}`) === "false") {
        return false;
      }
      return set("adl.nav.request", navigation);
    },

    /** Sends what was set; false when the learning system could not take it now. */
    commit() {
      if (state !== "running") return false;
      set(is2004 ? "cmi.session_time" : "cmi.core.session_time", span(performance.now() - started));
      const done = call("commit", "") === "true";
      if (!done) complain("Commit");
      return done;
    },

    /** Ends the communication session, once: with `suspend` the learner comes back to this place. */
    end(suspend) {
      if (state !== "running") return false;
      set(is2004 ? "cmi.session_time" : "cmi.core.session_time", span(performance.now() - started));
      set(is2004 ? "cmi.exit" : "cmi.core.exit", suspend ? "suspend" : is2004 ? "normal" : "");
      const done = call("end", "") === "true";
      if (done) state = "over";
      else complain("Terminate");
      return done;
    },
  };

  function form2004(type, value, pattern) {
    if (type === "true-false") return value[0] === "t" ? "true" : "false";
    if (type === "matching") return value.map((pair) => pair.join("[.]")).join("[,]");
    if (type === "numeric") return pattern ? value.join("[:]") : String(value[0]);
    return value.join("[,]");
  }

  /** SCORM 1.2 has no ranges: the pattern of a number is the middle of what is accepted. */
  function form12(type, value, pattern) {
    if (type === "matching") return `{${value.map((pair) => pair.join(".")).join(",")}}`;
    if (type === "numeric") return String(pattern ? (Number(value[0]) + Number(value[1])) / 2 : value[0]);
    return value.join(",");
  }

  window.scorm = scorm;
})();
