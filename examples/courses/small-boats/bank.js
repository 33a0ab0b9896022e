"use strict";

/* All questions of the course. The pre-test asks the first of each subject, the test draws two of the other three. */
const yes = [{ id: "t", text: "True" }, { id: "f", text: "False" }];
const choices = (...texts) => texts.map((text, at) => ({ id: "abcd"[at], text }));

window.bank = {
  "pre-wind": { objective: "wind", type: "choice", prompt: "The forecast says 20 knots. What gusts do you reckon with?",
    choices: choices("20 knots", "About 30 knots", "About 60 knots"), correct: ["b"], explain: "Gusts are about half as strong again as the mean wind." },
  "pre-fog": { objective: "fog", type: "choice", prompt: "When is fog at sea most likely?",
    choices: choices("Damp air over water colder than its dew point", "Dry air over warm water", "Only on calm mornings"), correct: ["a"],
    explain: "The cold water cools the damp air below its dew point, at any hour and in any wind." },
  "pre-storms": { objective: "storms", type: "numeric", unit: "km", prompt: "You count 24 seconds from the flash to the thunder. How far away is it?",
    correct: [8, 8], explain: "Three seconds for a kilometre: 24 divided by 3 is 8 km." },

  "wind-1": { objective: "wind", type: "choice", prompt: "White horses everywhere, a little spray. Which force is that?",
    choices: choices("Force 2", "Force 5", "Force 9"), correct: ["b"], explain: "White horses everywhere are the mark of force 5, a fresh breeze." },
  "wind-2": { objective: "wind", type: "true-false", prompt: "Wind against the current makes steeper waves than wind with the current.",
    choices: yes, correct: ["t"], explain: "The current shortens the waves and steepens them." },
  "wind-3": { objective: "wind", type: "numeric", unit: "times", prompt: "The wind doubles. How many times as hard does it push?",
    correct: [4, 4], explain: "The force grows with the square of the speed: twice the wind, four times the force." },

  "fog-1": { objective: "fog", type: "numeric", unit: "minutes", prompt: "Making way under engine in fog: one long blast at least every … minutes?",
    correct: [2, 2], explain: "One long blast at intervals of not more than two minutes." },
  "fog-2": { objective: "fog", type: "true-false", prompt: "Fog at sea always clears when the sun has risen.",
    choices: yes, correct: ["f"], explain: "Sea fog comes from cold water, not from a cold night: it stays until other air comes." },
  "fog-3": { objective: "fog", type: "choice", prompt: "You are caught in fog near a fairway. What is wise?",
    choices: choices("Slow down and listen", "Cross the fairway quickly", "Go to shallow water and anchor"), correct: ["a", "c"],
    explain: "Slow down, listen, and go where big ships cannot." },

  "storms-1": { objective: "storms", type: "numeric", unit: "minutes", prompt: "How long after the last thunder do you wait before going out?",
    correct: [30, 30], explain: "Thirty minutes: the last flashes of a storm still reach ten kilometres." },
  "storms-2": { objective: "storms", type: "choice", prompt: "A sudden cold gust comes from under a dark cloud. What do you do?",
    choices: choices("Enjoy the speed", "Take the sails down at once", "Wait for the rain"), correct: ["b"], explain: "It is the storm's outflow; the squall follows within minutes." },
  "storms-3": { objective: "storms", type: "sequencing", prompt: "Put into order, first one on top.",
    items: [{ id: "a", text: "Thunder in the afternoon" }, { id: "b", text: "Small heaps of cloud" }, { id: "c", text: "Towers higher than wide" }],
    correct: ["b", "c", "a"], explain: "Heaps, then towers, then the storm." },
};
for (const [id, question] of Object.entries(window.bank)) question.id = id;
