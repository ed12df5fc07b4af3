// The page "Try it": an expression of one's own, computed by fastgrad on Pyodide. What is to be loaded, and an example
// that was computed when the site was built, are in try.json; without Python there is the example to step through.

import { picture } from "./flow.js";

const PROGRAM = `
import json
from fastgrad.draw.flow import flow, input_of, names_in

def inputs_of(expression):
    return json.dumps({name: input_of(name, 1.0)._asdict() for name in names_in(expression)})

def shown(expression, values):
    return json.dumps(flow(expression, json.loads(values)))
`;
const PAUSE = 300; // milliseconds after the last key

const root = document.getElementById("try");
const settings = await (await fetch(new URL("try.json", import.meta.url))).json();
const field = Object.assign(document.createElement("input"), { id: "try-expression", value: settings.expression });
field.disabled = true;
field.spellcheck = false;
field.autocapitalize = "off";
const label = Object.assign(document.createElement("label"), { textContent: "Expression", htmlFor: field.id });
const state = Object.assign(document.createElement("p"), { className: "try-state" });
state.setAttribute("role", "status");
const place = document.createElement("div");
root.replaceChildren(label, field, state, place);

function example() {
  const view = picture(place);
  view.offer(settings.inputs);
  view.show(settings.shown);
}

async function python() {
  if (!settings.wheel) throw new Error("this site was built without fastgrad's wheel for Pyodide");
  const indexURL = new URL(settings.pyodide, import.meta.url).href;
  const { loadPyodide } = await import(`${indexURL}pyodide.mjs`);
  const pyodide = await loadPyodide({ indexURL });
  await pyodide.loadPackage(new URL(settings.wheel, import.meta.url).href);
  pyodide.runPython(PROGRAM);
  return { inputsOf: pyodide.globals.get("inputs_of"), shown: pyodide.globals.get("shown") };
}

function offer({ inputsOf, shown }) {
  let expression = settings.expression;
  let inputs = settings.inputs;
  let drawn = JSON.stringify(settings.shown.graph);
  const view = picture(place, (values) => {
    for (const [name, value] of Object.entries(values)) inputs[name].value = value;
    attempt(compute);
  });
  const values = () => Object.fromEntries(Object.entries(inputs).map(([name, { value }]) => [name, value]));

  function compute() {
    const given = JSON.parse(shown(expression, JSON.stringify(values())));
    const graph = JSON.stringify(given.graph);
    if (graph === drawn) view.renew(given.numbers);
    else view.show(given);
    drawn = graph;
  }
  function written() {
    const found = JSON.parse(inputsOf(field.value));
    expression = field.value;
    const known = Object.entries(found).map(([name, input]) => [name, inputs[name] ?? input]);
    inputs = Object.fromEntries(known);
    view.offer(inputs);
    compute();
  }
  function attempt(what) {
    let trouble = "";
    try {
      what();
    } catch (error) {
      trouble = error.message.trim().split("\n").at(-1); // of a Python error that is what is said below the traceback
    }
    view.complain(trouble);
  }

  view.offer(inputs);
  view.show(settings.shown);
  let pending;
  field.addEventListener("input", () => {
    clearTimeout(pending);
    pending = setTimeout(() => attempt(written), PAUSE);
  });
  field.disabled = false;
}

example();
state.textContent = "Python is loading, about 6 MB. Meanwhile, here is an example to step through.";
try {
  offer(await python());
  state.textContent = "Python is here: write an expression, move the sliders.";
} catch (error) {
  root.classList.add("try-without-python");
  state.textContent =
    `Python could not be loaded (${error.message}). So the expression and its inputs stay as they are; ` +
    "the example was computed when the site was built, and can be stepped through.";
}
