"use strict";

const SVG = "http://www.w3.org/2000/svg";
const element = (id) => document.getElementById(id);
const meta = (name) => document.querySelector(`meta[name="${name}"]`).content;
const PAGE_ITEMS = Number(meta("page-items"));
const LETTERS = { defect: "d", impurity: "i", nothing: "n" };

let state = null; // verdicts, counts, classes
let shown = null; // the item on the screen
let first = 0; // first item of the list's page
let chosenClass = { defect: null, impurity: null };
let zoomed = true;
let edited = null; // { outline, number of the outline, or null for a missed defect }
let corrected = null; // outlines that were corrected and not answered yet
let busy = Promise.resolve(); // answers are sent one after the other

async function ask(path, content) {
  const post = { method: "POST", headers: { "x-review-token": meta("review-token"), "content-type": "application/json" } };
  const answer = await fetch(path, content === undefined ? {} : { ...post, body: JSON.stringify(content) });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.message || found.detail || "the server refused");
  return found;
}

function say(text, wrong = false) {
  element("message").textContent = text;
  element("message").classList.toggle("wrong", wrong);
}

function inTurn(work) {
  busy = busy.then(work).catch((error) => say(error.message, true));
  return busy;
}

function drawn(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return parent.appendChild(made);
}

/* The list */

async function showPage() {
  const items = await ask(`/api/items?first=${first}`);
  const list = element("list");
  list.replaceChildren();
  for (const item of items) {
    const entry = list.appendChild(document.createElement("li"));
    entry.dataset.item = item.item;
    const picture = entry.appendChild(document.createElement("img"));
    picture.loading = "lazy";
    picture.alt = "";
    picture.src = `/thumbnails/${item.item}`;
    const text = entry.appendChild(document.createElement("div"));
    text.appendChild(document.createElement("b")).textContent = item.name;
    text.appendChild(document.createElement("small")).textContent = item.finding ? item.score.toPrecision(3) : "no finding";
    entry.title = item.name;
    entry.addEventListener("click", () => inTurn(() => show(item.item)));
  }
  mark();
}

function mark() {
  const total = state.verdicts.length;
  const answered = total - state.verdicts.split(".").length + 1;
  for (const entry of element("list").children) {
    entry.dataset.verdict = state.verdicts[entry.dataset.item];
    entry.classList.toggle("current", shown !== null && Number(entry.dataset.item) === shown.item);
  }
  element("list").querySelector(".current")?.scrollIntoView({ block: "nearest" });
  element("page").textContent = `${first + 1}–${Math.min(first + PAGE_ITEMS, total)} of ${total}`;
  element("page-back").disabled = first === 0;
  element("page-on").disabled = first + PAGE_ITEMS >= total;
  const missed = state.missed ? `, ${state.missed} missed defects` : "";
  const failed = state.failed ? `, ${state.failed} pictures failed` : "";
  element("counts").textContent = `${answered} of ${total} answered${missed}${failed}`;
  element("bar").style.width = `${(100 * answered) / total}%`;
  document.querySelector(".progress").setAttribute("aria-valuenow", answered);
  document.querySelector(".progress").setAttribute("aria-valuemax", total);
  element("undo").disabled = state.answers === 0;
}

/* The item on the screen */

async function show(number) {
  if (number < 0 || number >= state.verdicts.length) return;
  shown = await ask(`/api/items/${number}`);
  corrected = null;
  stopEditing();
  say("");
  const page = Math.floor(number / PAGE_ITEMS) * PAGE_ITEMS;
  if (page !== first || !element("list").children.length) {
    first = page;
    await showPage();
  }
  mark();
  draw();
  new Image().src = number + 1 < state.verdicts.length ? `/thumbnails/${number + 1}` : "";
}

/* Answers */

function answer(verdict, className, goesOn = true) {
  const content = { item: shown.item, verdict, class_name: verdict === "nothing" ? null : className, outlines: corrected };
  if (content.outlines === null && shown.answer?.outlines) content.outlines = shown.answer.outlines;
  return inTurn(async () => {
    state = await ask("/api/answers", content);
    if (goesOn && content.item + 1 < state.verdicts.length) return show(content.item + 1);
    await show(content.item);
    if (goesOn) say("This was the last one");
  });
}

function undo() {
  return inTurn(async () => {
    state = await ask("/api/undo", {});
    if (state.undone === null) return say("nothing to undo");
    await show(state.undone);
    say("The last answer is taken back");
  });
}

function nextOpen() {
  const open = state.verdicts.indexOf(".", shown.item + 1);
  const place = open < 0 ? state.verdicts.indexOf(".") : open;
  return place < 0 ? say("All are answered") : inTurn(() => show(place));
}

function chooseClass(entry) {
  chosenClass[entry.kind] = entry.name;
  return edited ? draw() : answer(entry.kind, entry.name);
}

/* Exports and teaching */

function exportTo(kind) {
  say("exporting …");
  return inTurn(async () => {
    const made = await ask(`/api/exports/${kind}`, {});
    say(`${made.pictures} pictures written to ${made.folder}; ${made.left_out} without an answer are left out`);
  });
}

async function teach() {
  element("teach").disabled = true;
  try {
    let progress = await ask("/api/teaching", {});
    while (progress.state === "running") {
      say(`Teaching: ${progress.step} …`);
      await new Promise((done) => setTimeout(done, 700));
      progress = await ask("/api/teaching");
    }
    if (progress.state === "failed") throw new Error(progress.message);
    say("");
    showChanges(progress.changes);
  } catch (error) {
    say(error.message, true);
  }
  element("teach").disabled = false;
}

function row(table, cells, kind = "td") {
  const line = table.appendChild(document.createElement("tr"));
  for (const text of cells) line.appendChild(document.createElement(kind)).textContent = text;
}

function showChanges(changes) {
  const box = element("change-text");
  box.replaceChildren();
  const table = box.appendChild(document.createElement("table"));
  row(table, ["answered pictures", "in all", "raised before", "raised now"], "th");
  for (const [name, count] of Object.entries(changes.findings)) row(table, [name, count.total, count.before, count.after]);
  row(table, ["threshold", "", changes.threshold.before.toPrecision(4), changes.threshold.after.toPrecision(4)]);
  if (changes.validation) {
    const { before, after } = changes.validation;
    row(table, ["validation: false alarms", before.nominal_images, before.raised_images, after.raised_images]);
  }
  for (const note of changes.notes) box.appendChild(document.createElement("p")).textContent = note;
  box.appendChild(document.createElement("p")).textContent = `The taught model: ${changes.model}. The model of the run is as it was.`;
  element("changes").showModal();
}

/* Keys and buttons */

const KEYS = {
  d: () => answer("defect", chosenClass.defect),
  i: () => answer("impurity", chosenClass.impurity),
  n: () => answer("nothing", null),
  u: undo,
  e: () => startEditing(false),
  m: () => startEditing(true),
  z: () => {
    zoomed = !zoomed;
    draw();
  },
  o: nextOpen,
  arrowright: () => inTurn(() => show(shown.item + 1)),
  arrowleft: () => inTurn(() => show(shown.item - 1)),
};

document.addEventListener("keydown", (event) => {
  if (!shown || event.ctrlKey || event.metaKey || event.altKey || element("changes").open) return;
  if (edited && editingKey(event)) return event.preventDefault();
  const key = event.key.toLowerCase();
  const entry = state.classes[Number(key) - 1];
  const work = key >= "1" && key <= "9" && entry ? () => chooseClass(entry) : KEYS[key];
  if (!work || (edited && "dinuo".includes(key))) return;
  event.preventDefault();
  work();
});

async function start() {
  state = await ask("/api/state");
  state.classes.forEach((entry, number) => {
    chosenClass[entry.kind] ??= entry.name;
    const button = element("classes").appendChild(document.createElement("button"));
    Object.assign(button.dataset, { name: entry.name, kind: entry.kind });
    button.type = "button";
    button.appendChild(document.createElement("kbd")).textContent = number < 9 ? number + 1 : " ";
    button.appendChild(document.createElement("i")).style.background = `rgb(${entry.colour.join(",")})`;
    button.append(entry.name);
    button.appendChild(document.createElement("small")).textContent = entry.kind;
    button.addEventListener("click", () => chooseClass(entry));
  });
  for (const key of ["defect", "impurity", "nothing", "undo", "edit", "missed", "zoom"]) {
    element(key).addEventListener("click", () => KEYS[key[0]]());
  }
  element("page-back").addEventListener("click", () => inTurn(() => show(Math.max(first - PAGE_ITEMS, 0))));
  element("page-on").addEventListener("click", () => inTurn(() => show(first + PAGE_ITEMS)));
  element("export-dataset").addEventListener("click", () => exportTo("dataset"));
  element("export-labelme").addEventListener("click", () => exportTo("labelme"));
  element("teach").addEventListener("click", teach);
  element("picture").addEventListener("dblclick", doubleClicked);
  element("close").addEventListener("click", () => element("changes").close());
  const open = state.verdicts.indexOf(".");
  first = -1;
  await show(open < 0 ? 0 : open);
}

start().catch((error) => say(error.message, true));
