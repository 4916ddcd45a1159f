"use strict";

/* The picture */

function viewBox() {
  const [left, top, width, height] = shown.box;
  if (!zoomed || !shown.finding) return [0, 0, shown.width, shown.height];
  const side = Math.max(4 * Math.max(width, height), 160);
  const [wide, high] = [Math.min(side, shown.width), Math.min(side, shown.height)];
  const begin = (middle, long, most) => Math.min(Math.max(middle - long / 2, 0), most - long);
  return [begin(left + width / 2, wide, shown.width), begin(top + height / 2, high, shown.height), wide, high];
}

function outlines() {
  return corrected ?? shown.outlines;
}

function draw() {
  const svg = element("picture");
  svg.replaceChildren();
  svg.setAttribute("viewBox", viewBox().join(" "));
  const image = { href: `/pictures/${shown.picture}`, x: 0, y: 0, width: shown.width, height: shown.height };
  drawn("image", image, svg);
  const letter = shown.answer ? LETTERS[shown.answer.verdict] : "";
  outlines().forEach((points, number) => {
    if (edited?.number !== number) polygon(points, letter, svg);
  });
  for (const points of shown.missed) polygon(points, "missed", svg);
  if (edited) drawEdited(svg);
  const score = shown.finding ? `score ${shown.score.toPrecision(4)}` : `no finding, image score ${shown.score.toPrecision(4)}`;
  element("caption").replaceChildren();
  element("caption").appendChild(document.createElement("b")).textContent = shown.name;
  const answer = shown.answer ? ` · answered: ${shown.answer.class_name ?? "nothing"}` : "";
  const own = corrected ? " · outline corrected, not answered yet" : "";
  element("caption").append(` · ${score}, threshold ${state.threshold.toPrecision(4)} · item ${shown.item + 1}${answer}${own}`);
  for (const button of document.querySelectorAll("[data-verdict]")) {
    if (button.tagName === "BUTTON") button.classList.toggle("given", button.dataset.verdict === shown.answer?.verdict);
  }
  for (const button of element("classes").children) {
    button.classList.toggle("given", button.dataset.name === shown.answer?.class_name);
    button.setAttribute("aria-pressed", chosenClass[button.dataset.kind] === button.dataset.name);
  }
  element("edit").disabled = !shown.finding;
}

function polygon(points, kind, svg) {
  const text = points.map((point) => point.join(",")).join(" ");
  drawn("polygon", { points: text, class: "under" }, svg);
  return drawn("polygon", { points: text, class: kind }, svg);
}

function drawEdited(svg) {
  const outline = edited.outline;
  polygon(outline.points, "edited", svg);
  const radius = pointRadius();
  outline.points.forEach(([x, y], number) => {
    const kind = number === outline.chosen ? "chosen" : "";
    const point = drawn("circle", { cx: x, cy: y, r: number === outline.chosen ? 1.3 * radius : radius, class: kind }, svg);
    point.addEventListener("pointerdown", (event) => {
      outline.chosen = number;
      svg.querySelector("circle.chosen")?.classList.remove("chosen");
      point.classList.add("chosen");
      svg.setPointerCapture(event.pointerId);
      svg.onpointermove = (moved) => {
        outline.move(...place(moved));
        draw();
      };
      svg.onpointerup = () => {
        svg.onpointermove = svg.onpointerup = null;
      };
    });
  });
}

function pointRadius() {
  return 5 / element("picture").getScreenCTM().a;
}

/* The picture has the pointer while a point is pressed, so it gets the double click: on a point, or on a line. */
/* A press must not draw the points anew: the browser gives no click on an element that is gone. */
function doubleClicked(event) {
  if (!edited) return;
  const [x, y] = place(event);
  const away = edited.outline.points.map((point) => Math.hypot(point[0] - x, point[1] - y));
  const nearest = away.indexOf(Math.min(...away));
  if (away[nearest] <= 1.6 * pointRadius()) {
    edited.outline.chosen = nearest;
    return removePoint();
  }
  edited.outline.addOnNearestLine(x, y);
  draw();
}

function place(event) {
  const svg = element("picture");
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return [point.x, point.y];
}

/* Outlines */

function startEditing(missed) {
  if (!missed && !shown.finding) return;
  let number = missed ? null : 0;
  let points = outlines()[0];
  if (!missed && edited) number = ((edited.number ?? -1) + 1) % outlines().length; // E again: the next outline
  if (!missed) points = outlines()[number];
  if (missed) {
    const [left, top, width, height] = viewBox();
    const [x, y, r] = [left + width / 2, top + height / 2, Math.min(width, height) / 8];
    points = [[x - r, y - r], [x + r, y - r], [x + r, y + r], [x - r, y + r]];
  }
  edited = { outline: new EditedOutline(points, shown.width, shown.height), number };
  edited.outline.points.forEach(([x, y], index) => {
    edited.outline.chosen = index;
    edited.outline.move(x, y);
  });
  edited.outline.chosen = 0;
  document.body.classList.add("editing");
  say(missed ? "Lay the outline around the missed defect, then press Enter" : "Correct the outline, then press Enter");
  draw();
}

function stopEditing() {
  edited = null;
  document.body.classList.remove("editing");
}

function removePoint() {
  if (!edited.outline.remove()) say("an outline needs three points", true);
  draw();
}

function keepOutline() {
  const { outline, number } = edited;
  stopEditing();
  say("");
  if (number !== null) {
    corrected = outlines().map((points, place) => (place === number ? outline.points : points));
    if (shown.answer) return answer(shown.answer.verdict, shown.answer.class_name, false);
    say("Outline corrected. Now answer: D, I or N");
    return draw();
  }
  const content = { item: shown.item, verdict: "defect", class_name: chosenClass.defect, outlines: [outline.points], missed: true };
  return inTurn(async () => {
    state = await ask("/api/answers", content);
    await show(shown.item);
    say(`Missed defect recorded as ${content.class_name}`);
  });
}

function editingKey(event) {
  const step = event.shiftKey ? 10 : 1;
  const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
  if (moves[event.key]) edited.outline.moveBy(...moves[event.key]);
  else if (event.key === "Tab") edited.outline.choose(event.shiftKey ? -1 : 1);
  else if (event.key.toLowerCase() === "a") edited.outline.addAfterChosen();
  else if (["x", "delete"].includes(event.key.toLowerCase())) return removePoint() ?? true;
  else if (event.key === "Enter") return keepOutline() ?? true;
  else if (event.key.toLowerCase() === "e") return startEditing(false) ?? true;
  else if (event.key === "Escape") {
    stopEditing();
    say("");
  } else return false;
  draw();
  return true;
}
