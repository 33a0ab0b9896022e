/*
 * Asks questions, keeps the answers, marks them and shows them again.
 *
 * quiz.run({ questions, ... }) takes over <main>. Question types: choice (one or several), true-false, matching, numeric and
 * sequencing. Every answer is a list of ids, so that one comparison marks them all and one call records them all.
 *
 * For automation: each question is a [data-test="question"] with data-kind and data-answer, the right answer as ids joined by
 * commas ("b", "a,c", "t", "1.b,2.a", "1010", "c,a,b"). Whoever can read the page's scripts can read the answers anyway.
 */
(function () {
  "use strict";

  const { make } = course;

  // One entry per type: how to draw it, what its answer looks like to a person, whether it is complete.
  const kinds = {
    choice: {
      draw(question, answer, changed) {
        const several = question.correct.length > 1;
        return question.choices.map((choice) => {
          const input = make("input", { type: several ? "checkbox" : "radio", name: question.id, value: choice.id,
            "data-test": "answer", checked: answer.includes(choice.id) });
          input.addEventListener("change", () => {
            const inputs = [...input.closest("fieldset").querySelectorAll("input:checked")];
            changed(inputs.map((each) => each.value));
          });
          return make("label", { class: "option" }, input, make("span", {}, choice.text));
        });
      },
      text: (question, answer) => answer.map((id) => question.choices.find((choice) => choice.id === id).text).join("; "),
      right: (question, answer) => same([...answer].sort(), [...question.correct].sort()),
    },

    matching: {
      draw(question, answer, changed) {
        const chosen = Object.fromEntries(answer);
        return question.sources.map((source) => {
          const select = make("select", { "data-test": "answer", name: `${question.id}-${source.id}`, "data-source": source.id },
            make("option", { value: "" }, "Choose …"),
            ...question.targets.map((target) =>
              make("option", { value: target.id, selected: chosen[source.id] === target.id }, target.text)));
          select.addEventListener("change", () => {
            const selects = [...select.closest("fieldset").querySelectorAll("select")];
            changed(selects.filter((each) => each.value).map((each) => [each.dataset.source, each.value]));
          });
          const label = make("span", { class: "source" });
          label.innerHTML = source.picture || "";
          label.append(make("span", { class: source.picture ? "hidden" : "" }, source.text));
          return make("label", { class: "pair" }, label, select);
        });
      },
      text(question, answer) {
        const name = (list, id) => list.find((entry) => entry.id === id).text;
        return answer.map(([from, to]) => `${name(question.sources, from)}: ${name(question.targets, to)}`).join("; ");
      },
      complete: (question, answer) => answer.length === question.sources.length,
      right: (question, answer) => same(answer.map(String).sort(), question.correct.map(String).sort()),
    },

    numeric: {
      draw(question, answer, changed) {
        const input = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", name: question.id,
          value: answer[0] ?? "", "data-test": "answer", class: "number" });
        input.addEventListener("input", () => {
          const typed = input.value.trim().replace(",", ".");
          const number = /^-?\d+(\.\d+)?$/.test(typed);
          input.setAttribute("aria-invalid", String(typed !== "" && !number));
          changed(number ? [typed] : []);
        });
        return [make("label", { class: "amount" }, make("span", { class: "hidden" }, "Your answer"), input,
          make("span", {}, question.unit))];
      },
      text: (question, answer) => `${answer[0]} ${question.unit}`,
      right: (question, answer) => Number(answer[0]) >= question.correct[0] && Number(answer[0]) <= question.correct[1],
    },

    sequencing: {
      draw(question, answer, changed) {
        const list = make("ol", { class: "order" });
        let order = answer.length ? answer : question.items.map((item) => item.id);
        const paint = (focus) => {
          list.replaceChildren(...order.map((id, at) => {
            const { text } = question.items.find((item) => item.id === id);
            const move = (by, arrow, word) => {
              const button = make("button", { type: "button", class: "move", "data-test": `move-${word}`,
                "aria-label": `Move ${text} ${word}`, disabled: at + by < 0 || at + by >= order.length }, arrow);
              button.addEventListener("click", () => {
                order = [...order];
                [order[at], order[at + by]] = [order[at + by], order[at]];
                changed(order);
                paint({ id, word });
              });
              return button;
            };
            return make("li", { "data-value": id }, make("span", {}, text), move(-1, "↑", "up"), move(1, "↓", "down"));
          }));
          if (!focus) return;
          const row = list.querySelector(`[data-value="${focus.id}"]`);
          const wanted = row.querySelector(`[data-test="move-${focus.word}"]`);
          (wanted.disabled ? row.querySelector("button:not([disabled])") : wanted).focus();
        };
        paint(null);
        return [list];
      },
      // The order shown at first counts as an answer only after the learner has seen the question.
      initial: (question) => question.items.map((item) => item.id),
      text: (question, answer) => answer.map((id) => question.items.find((item) => item.id === id).text).join(" → "),
      right: (question, answer) => same(answer, question.correct),
    },
  };
  kinds["true-false"] = kinds.choice;

  function same(one, other) {
    return one.length === other.length && one.every((value, at) => value === other[at]);
  }

  function hint(question) {
    if (question.type === "numeric") return String((question.correct[0] + question.correct[1]) / 2);
    return question.correct.map((each) => (Array.isArray(each) ? each.join(".") : each)).join(",");
  }

  function rightText(question) {
    if (question.type === "numeric") {
      const [low, high] = question.correct;
      return low === high ? `${low} ${question.unit}` : `${low} to ${high} ${question.unit}`;
    }
    return kinds[question.type].text(question, question.correct);
  }

  function fieldset(question, answer, changed) {
    const legend = make("legend", {}, question.prompt);
    const several = question.type === "choice" && question.correct.length > 1;
    const node = make("fieldset", { class: "question", "data-test": "question", "data-question": question.id,
      "data-kind": question.type, "data-answer": hint(question) }, legend);
    if (several) node.append(make("p", { class: "hint" }, "More than one answer is right."));
    if (question.picture) {
      const picture = make("div", { class: "picture" });
      picture.innerHTML = question.picture;
      node.append(picture);
    }
    node.append(make("div", { class: `answers ${question.type}` }, ...kinds[question.type].draw(question, answer, changed)));
    return node;
  }

  function review(question, answer, open) {
    const right = kinds[question.type].right(question, answer);
    const summary = make("summary", {}, make("span", { class: `mark ${right ? "good" : "bad"}` }, right ? "Right" : "Wrong"),
      make("span", {}, question.prompt));
    const rows = [make("dt", {}, "Your answer"), make("dd", {}, kinds[question.type].text(question, answer))];
    if (!right) rows.push(make("dt", {}, "Right answer"), make("dd", {}, rightText(question)));
    return make("details", { class: "review", "data-test": "review", "data-result": right ? "correct" : "incorrect", open },
      summary, make("dl", {}, ...rows), make("p", {}, question.explain));
  }

  function dial(part, passed) {
    const node = make("div", { class: `dial ${passed ? "good" : "bad"}`, "aria-hidden": "true" });
    const around = 2 * Math.PI * 52;
    node.innerHTML = `<svg viewBox="0 0 120 120"><circle cx="60" cy="60" r="52"/><circle class="part" cx="60" cy="60" r="52"
      stroke-dasharray="${around * part} ${around}" transform="rotate(-90 60 60)"/>
      <text x="60" y="69" text-anchor="middle">${Math.round(100 * part)} %</text></svg>`;
    return node;
  }

  /**
   * Runs a set of questions.
   * questions; passMark (0 to 1, used where the learning system gives none); submit: text of the last button;
   * judged: false asks for no score and no verdict, only for what is known about each objective;
   * marked(objectives): called once the answers are recorded; result({right, total, part, passed, objectives, again, leave, reviews}) draws what follows and returns nodes.
   */
  function run(given) {
    const options = { judged: true, ...given };
    const { questions } = options;
    const main = document.querySelector("main");
    const notice = make("p", { class: "notice", role: "status", "data-test": "notice", hidden: true });
    main.before(make("div", { class: "notices" }, notice));
    const before = scorm.start();
    let answers = before.memory.answers || {};
    let details = before.memory.details || {};
    let submitted = before.memory.submitted === true;
    let current = Math.max(0, questions.findIndex((question) => question.id === before.location));
    let arrived = performance.now();
    let over = false;
    const passMark = scorm.passMark(options.passMark);

    const say = (text) => { notice.textContent = text; notice.hidden = text === ""; };
    if (scorm.standard === null) say("Preview: this page runs outside a learning system, so nothing is saved.");
    else if (before.resuming) say(submitted ? "Welcome back. Here is your last result." : "Welcome back. Your answers are still here.");

    const answered = (question) => {
      const answer = answers[question.id] || [];
      return answer.length > 0 && (kinds[question.type].complete?.(question, answer) ?? true);
    };

    function save() {
      scorm.remember(questions[current].id, { answers, details, submitted });
      if (scorm.running && !scorm.commit()) say("Your last answer is not saved yet. It will be tried again.");
    }

    /** Adds the time this question has been on screen to its latency, and starts counting anew. */
    function spend() {
      const { id } = questions[current];
      const now = performance.now();
      const entry = details[id] || { spent: 0, at: null };
      details[id] = { ...entry, spent: Math.round(entry.spent + now - arrived) };
      arrived = now;
    }

    function ask(index, focus = true) {
      current = index;
      arrived = performance.now();
      const question = questions[index];
      const { initial } = kinds[question.type];
      if (initial && !answers[question.id]) answers[question.id] = initial(question);
      const open = make("p", { class: "hint", "data-test": "open" });
      const submit = make("button", { type: "button", class: "primary", "data-test": "submit" }, options.submit);
      const next = make("button", { type: "button", class: "primary", "data-test": "next" }, "Next");
      const back = make("button", { type: "button", class: "quiet", "data-test": "back", disabled: index === 0 }, "Back");
      const last = index === questions.length - 1;

      const refresh = () => {
        const missing = questions.filter((each) => !answered(each)).length;
        submit.disabled = missing > 0;
        open.textContent = !last || missing === 0 ? "" : missing === 1 ? "One question is still open." : `${missing} questions are still open.`;
      };
      const node = fieldset(question, answers[question.id] || [], (answer) => {
        answers[question.id] = answer;
        details[question.id] = { spent: 0, ...details[question.id], at: new Date().toISOString() };
        refresh();
        save();
      });
      back.addEventListener("click", () => { spend(); ask(index - 1); });
      next.addEventListener("click", () => { spend(); ask(index + 1); });
      submit.addEventListener("click", () => { spend(); mark(); });

      const heading = make("h2", { tabindex: "-1" }, questions.length > 1 ? `Question ${index + 1} of ${questions.length}` : "Question");
      const bar = make("progress", { max: questions.length, value: index + 1, "aria-label": "Questions" });
      main.replaceChildren(make("section", { class: "step" }, heading, questions.length > 1 ? bar : "", node, open,
        make("div", { class: "row" }, questions.length > 1 ? back : "", last ? submit : next)));
      refresh();
      document.documentElement.dataset.step = question.id;
      if (focus) {
        heading.focus({ preventScroll: true });
        window.scrollTo({ top: 0 });
      }
      save();
    }

    function parts() {
      const found = {};
      for (const question of questions) {
        const entry = (found[question.objective] ||= { right: 0, total: 0 });
        entry.total += 1;
        if (kinds[question.type].right(question, answers[question.id])) entry.right += 1;
      }
      return found;
    }

    function mark() {
      submitted = true;
      for (const question of questions) {
        const answer = answers[question.id];
        const entry = details[question.id];
        scorm.interaction({ id: question.id, objective: question.objective, type: question.type, description: question.prompt,
          answer, correct: question.correct, right: kinds[question.type].right(question, answer), weighting: 1,
          answeredAt: entry.at ? new Date(entry.at) : new Date(), latency: entry.spent });
      }
      const objectives = parts();
      const right = Object.values(objectives).reduce((sum, entry) => sum + entry.right, 0);
      const part = right / questions.length;
      for (const [id, entry] of Object.entries(objectives)) {
        scorm.reportObjective(id, entry.right / entry.total >= passMark, entry.right / entry.total);
      }
      if (options.judged) scorm.score(part);
      scorm.progress(1);
      scorm.report(true, options.judged ? part >= passMark : null);
      options.marked?.(objectives);
      save();
      say("");
      show();
    }

    function show(focus = true) {
      const objectives = parts();
      const right = Object.values(objectives).reduce((sum, entry) => sum + entry.right, 0);
      const part = right / questions.length;
      const passed = part >= passMark;
      const again = () => {
        answers = {};
        details = {};
        submitted = false;
        ask(0);
      };
      const leave = (way) => { over = true; course.leave(way); };
      const reviews = () => questions.map((question) =>
        review(question, answers[question.id], questions.length === 1 || !kinds[question.type].right(question, answers[question.id])));
      const section = make("section", { class: "step result", "data-test": "result", "data-result": passed ? "passed" : "failed",
        "data-score": String(part) });
      section.append(...options.result({ right, total: questions.length, part, passed, passMark, objectives, again, leave, reviews, dial }));
      main.replaceChildren(section);
      document.documentElement.dataset.step = "result";
      if (!focus) return;
      section.querySelector("h2").setAttribute("tabindex", "-1");
      section.querySelector("h2").focus({ preventScroll: true });
      window.scrollTo({ top: 0 });
    }

    course.listen(() => { if (!over && !submitted) { spend(); save(); } return true; });
    if (submitted) {
      show(false);
    } else {
      if (!scorm.status().completed) scorm.report(false);
      ask(current, false);
    }
    document.documentElement.dataset.ready = "true";
  }

  window.quiz = { run };
})();
