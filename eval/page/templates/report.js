"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const DASH = "–";

// A click on a column heading sorts the table: first descending, then ascending. Cells not measured stay last.
for (const button of document.querySelectorAll("th button.sort")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), table = head.closest("table");
    const falling = head.getAttribute("aria-sort") !== "descending";
    for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const column = Number(button.dataset.column), body = table.tBodies[0];
    const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const rows = [...body.rows].filter((row) => !row.classList.contains("foot"));
    rows.sort((one, other) => {
      const a = value(one), b = value(other);
      if (a === "" || b === "") return (a === "") - (b === "");
      const order = isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
      return falling ? -order : order;
    });
    body.prepend(...rows);
  });
}

// The threshold slider computes the metrics from the counts at other thresholds that the evaluation recorded.
const ratio = (part, whole) => (whole ? part / whole : null);
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

// Format a share as percent like Python: one decimal, halves rounded to the even digit.
function percent(share) {
  const scaled = 100 * share * 10, low = Math.floor(scaled);
  return scaled - low === 0.5 ? ((low + low % 2) / 10).toFixed(1) : (100 * share).toFixed(1);
}

function stepOf(run, factor) {
  const wanted = Math.log(run.threshold * factor);
  let best = 0;
  run.sweep.thresholds.forEach((threshold, step) => {
    if (Math.abs(Math.log(threshold) - wanted) < Math.abs(Math.log(run.sweep.thresholds[best]) - wanted)) best = step;
  });
  return best;
}

function metricsAt(run, step) {
  const classesWhere = (kind) => run.sweep.classes.filter((entry) => kind(entry.kind));
  const defects = classesWhere((kind) => kind === "defect"), others = classesWhere((kind) => kind !== "defect");
  const hit = sum(defects.map((entry) => entry.predicted[step])), alarms = sum(others.map((entry) => entry.predicted[step]));
  const total = sum(defects.map((entry) => entry.pixels));
  const recall = (entry, coverage) => ratio(entry.found[coverage][step], entry.instances);
  const mean = (coverage) => {
    const measured = defects.map((entry) => recall(entry, coverage)).filter((share) => share !== null);
    return ratio(sum(measured), measured.length);
  };
  const metrics = {
    threshold: run.sweep.thresholds[step],
    pixel_precision: ratio(hit, hit + alarms),
    pixel_recall: ratio(hit, total),
    pixel_f1: ratio(2 * hit, hit + alarms + total),
    mean_defect_wise_recall: mean(0),
    curves: {"": run.sweep.coverages.slice(1).map((_, k) => mean(k + 1))},
  };
  for (const entry of run.sweep.classes) {
    metrics[`${entry.name}/pixel_recall`] = ratio(entry.predicted[step], entry.pixels);
    metrics[`${entry.name}/defect_wise_recall`] = recall(entry, 0);
    metrics.curves[entry.name] = run.sweep.coverages.slice(1).map((_, k) => recall(entry, k + 1));
  }
  return metrics;
}

function markBest(table) {
  const columns = new Map();
  for (const cell of table.querySelectorAll("td[data-better]")) {
    const key = cell.dataset.key;
    columns.set(key, [...(columns.get(key) ?? []), cell]);
  }
  for (const cells of columns.values()) {
    const shown = cells.filter((cell) => cell.dataset.value !== "");
    const texts = shown.map((cell) => Number(cell.firstChild.textContent));
    const differ = new Set(texts).size > 1;
    const best = cells[0].dataset.better === "up" ? Math.max(...texts) : Math.min(...texts);
    cells.forEach((cell) => cell.classList.remove("best"));
    shown.forEach((cell, k) => cell.classList.toggle("best", differ && texts[k] === best));
  }
}

function place(svg, x, y) {
  const {left, top, width, height} = svg.dataset;
  return [Number(left) + x * width, Number(top) + (1 - y) * height].map((value) => value.toFixed(1));
}

function moveCurves(number, metrics) {
  const select = (attribute, start) => document.querySelectorAll(`svg [data-${attribute}^="${start}${number}"]`);
  for (const line of select("line", "coverage:")) {
    if (line.dataset.line.split(":")[1] !== String(number)) continue;
    const shares = metrics.curves[line.dataset.line.split(":").slice(2).join(":")] ?? [];
    const points = shares.map((share, k) => share === null ? null : place(line.closest("svg"), k / Math.max(shares.length - 1, 1), share));
    line.setAttribute("points", points.filter((point) => point).map((point) => point.join(",")).join(" "));
  }
  for (const circle of select("mark", "precision:")) {
    if (circle.dataset.mark !== `precision:${number}`) continue;
    const known = metrics.pixel_recall !== null && metrics.pixel_precision !== null;
    circle.style.display = known ? "" : "none";
    if (!known) continue;
    const [x, y] = place(circle.closest("svg"), metrics.pixel_recall, metrics.pixel_precision);
    circle.setAttribute("cx", x);
    circle.setAttribute("cy", y);
  }
  for (const line of select("line", "threshold:")) {
    const [, own, low, span] = line.dataset.line.split(":");
    if (own !== String(number)) continue;
    const svg = line.closest("svg"), share = Math.min(Math.max((metrics.threshold - low) / span, 0), 1);
    const [x] = place(svg, share, 0);
    line.setAttribute("d", `M${x} ${svg.dataset.top}V${Number(svg.dataset.top) + Number(svg.dataset.height)}`);
  }
}

function show(slider) {
  const factor = 2 ** (Number(slider.value) / Number(slider.dataset.steps));
  const moved = Number(slider.value) !== 0;
  document.getElementById("factor").textContent = moved ? `validation threshold × ${factor.toFixed(3)}` : "as found on the validation split";
  document.body.classList.toggle("moved", moved);
  data.runs.forEach((run, number) => {
    if (!run.sweep) return;
    const metrics = metricsAt(run, stepOf(run, factor));
    for (const cell of document.querySelectorAll(`td[data-run="${number}"]`)) {
      const key = cell.dataset.key;
      if (!(key in metrics)) continue;
      const value = metrics[key];
      cell.dataset.value = value === null ? "" : value;
      cell.firstChild.textContent = value === null ? DASH : key === "threshold" ? value.toPrecision(4) : percent(value);
    }
    moveCurves(number, metrics);
  });
  document.querySelectorAll("table.metrics-table").forEach(markBest);
}

const slider = document.getElementById("threshold");
if (slider) {
  slider.addEventListener("input", () => show(slider));
  document.getElementById("reset").addEventListener("click", () => {
    slider.value = 0;
    show(slider);
    slider.focus();
  });
}

// The viewer shows a picture at full resolution, and a layer of the decision or the ground truth above it.
const box = document.getElementById("viewer"), stage = box.querySelector(".stage");
const [below, above] = box.querySelectorAll(".stack img");
const openers = [...document.querySelectorAll("button.zoom")];
let current = 0;

function view(number) {
  current = (number + openers.length) % openers.length;
  const {below: lower, above: upper, title} = openers[current].dataset;
  below.src = data.pictures[lower];
  below.alt = title;
  above.hidden = !upper;
  if (upper) above.src = data.pictures[upper];
  box.querySelector("strong").textContent = `${title} (${current + 1} of ${openers.length})`;
}

const actions = {
  previous: () => view(current - 1),
  next: () => view(current + 1),
  layer: () => { above.style.visibility = above.style.visibility === "hidden" ? "" : "hidden"; },
  scale: () => { stage.classList.toggle("fit"); },
  close: () => box.close(),
};
openers.forEach((opener, number) => opener.addEventListener("click", () => {
  view(number);
  box.showModal();
  stage.focus();
}));
for (const button of box.querySelectorAll("button")) button.addEventListener("click", () => actions[button.dataset.action]());
box.addEventListener("keydown", (event) => {
  const scrolls = !stage.classList.contains("fit");
  const keys = {o: "layer", f: "scale", n: "next", p: "previous", ...(scrolls ? {} : {ArrowLeft: "previous", ArrowRight: "next"})};
  const action = keys[event.key];
  if (action) {
    actions[action]();
    event.preventDefault();
  }
});
})();
