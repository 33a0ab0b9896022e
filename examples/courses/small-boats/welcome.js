"use strict";

document.getElementById("harbour").innerHTML = `<rect class="sky" width="800" height="330"/><circle class="sun" cx="150" cy="84" r="34"/>
  ${chart.cloud(520, 40, 210, 80, "cloud grey")}${chart.cloud(590, 70, 190, 84, "cloud dark")}
  <path class="rain" d="M620 156l-16 56M652 160l-16 56M684 160l-16 56M716 158l-16 52"/>${chart.cloud(240, 60, 150, 50)}
  ${scenes.waves(222, 12, 120, 40, 0.35)}${scenes.boat(360, 226, -5)}${scenes.waves(250, 14, 140, 0, 0.5)}${scenes.waves(288, 16, 170, 70, 0.6)}`;

course.begin({ finish: "Cast off", suspends: () => false });
