// Draws a graph through which values and gradients flow, with a slider for each input. It computes nothing: what it
// shows comes from flow.py. What this module exports by default is a widget of anywidget; a page calls `picture`.

const SVG = "http://www.w3.org/2000/svg";
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" }; // Jupyter would take them from what has the focus
const PLAY = { step: 900, most: 20000 }; // milliseconds: of a step, and of all

function made(tag, attributes = {}, ...children) {
  const element = SHAPES.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
const SHAPES = new Set(["svg", "g", "path", "rect", "text"]);

// The inputs: for each a slider, and a field for exact numbers.

function sliders(inputs, changed) {
  const values = Object.fromEntries(Object.entries(inputs).map(([name, { value }]) => [name, value]));
  const rows = Object.entries(inputs).map(([name, { value, low, high }]) => {
    const step = 10 ** Math.floor(Math.log10((high - low) / 50));
    const range = { type: "range", min: low, max: high, step, "aria-label": name, "data-input": name };
    const exactly = { type: "number", step: "any", "aria-label": `${name}, exactly`, "data-exactly": name };
    const [slider, field] = [range, exactly].map((attributes) => made("input", { ...attributes, ...OWN_KEYS }));
    const set = (number) => {
      slider.value = number;
      slider.setAttribute("aria-valuetext", number);
      field.value = number;
    };
    const moved = (from) => () => {
      const number = from.valueAsNumber;
      if (!Number.isFinite(number)) return; // a field in which a number is being written
      if (from === slider) field.value = number;
      else slider.value = number;
      slider.setAttribute("aria-valuetext", number);
      values[name] = number;
      changed({ ...values });
    };
    slider.addEventListener("input", moved(slider));
    field.addEventListener("input", moved(field));
    set(value);
    return { name, set, row: made("div", { class: "flow-input" }, made("span", {}, name), slider, field) };
  });
  return {
    element: made("div", { class: "flow-inputs" }, ...rows.map(({ row }) => row)),
    set(given) {
      for (const { name, set } of rows) {
        if (values[name] !== given[name]) set((values[name] = given[name]));
      }
    },
  };
}

// The graph, in one of its two directions.

function drawing(graph, direction) {
  const { size, boxes, curves, arrows } = graph[direction];
  const edges = curves.map((curve, k) => {
    const line = made("path", { d: curve, class: "flow-curve" });
    const label = made("text", { class: "flow-passed", "text-anchor": direction === "LR" ? "middle" : "start" });
    const element = made("g", { class: "flow-edge" }, line, made("path", { d: arrows[k], class: "flow-arrow" }));
    return { element, line, label };
  });
  const nodes = boxes.map(([x, y, width, height], k) => {
    const { title, operation } = graph.nodes[k];
    const texts = [-16, 3, 20].map((down) => made("text", { x, y: y + down }));
    texts[0].textContent = title;
    texts[0].setAttribute("class", "flow-title");
    const round = operation ? 10 : 2;
    const box = made("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: round });
    const element = made("g", { class: "flow-node", role: "img", "data-node": k }, box, ...texts);
    return { element, value: texts[1], grad: texts[2], title };
  });
  const parts = [...edges, ...nodes].map(({ element }) => element).concat(edges.map(({ label }) => label));
  const svg = made("svg", { viewBox: `0 0 ${size[0]} ${size[1]}`, role: "group", "aria-label": "the graph" }, ...parts);
  svg.style.width = `${size[0]}px`;
  svg.style.minWidth = `${0.72 * size[0]}px`; // smaller it could not be read: then it scrolls
  return { svg, edges, nodes };
}

// What happens, one step after the other: operations forward, the result's own gradient, operations backward.

function stepsOf(graph) {
  const operations = graph.nodes.flatMap(({ operation }, k) => (operation ? [k] : []));
  const forward = operations.map((node) => ({ kind: "forward", node }));
  const backward = operations.toReversed().map((node) => ({ kind: "backward", node }));
  return [...forward, { kind: "seed", node: graph.nodes.length - 1 }, ...backward];
}

// What is to be seen after so many steps: a text or null for each value, each gradient.

function seen(graph, numbers, steps, time) {
  const values = numbers.values.map((value, k) => (graph.nodes[k].operation ? null : value));
  const grads = numbers.values.map(() => null);
  for (const { kind, node } of steps.slice(0, time)) {
    if (kind === "forward") values[node] = numbers.values[node];
    else if (kind === "seed") grads[node] = numbers.grads[node];
    else graph.edges.forEach(([operand, to], e) => to === node && (grads[operand] = numbers.after[e]));
  }
  return { values, grads: time === steps.length ? numbers.grads : grads };
}

// In words, for those who do not see the picture, too.

function told(graph, numbers, steps, time) {
  if (time === 0) return "Only the inputs have values.";
  const { kind, node } = steps[time - 1];
  const title = graph.nodes[node].title;
  if (kind === "forward") return `Forward: ${title} gives ${numbers.values[node]}.`;
  if (kind === "seed") return `The result's own gradient is ${numbers.grads[node]}.`;
  const given = graph.edges.flatMap(([operand, to], e) =>
    to === node ? [`${graph.nodes[operand].title} gets ${numbers.passed[e]}`] : [],
  );
  const what = `Backward: of ${title}'s gradient ${numbers.grads[node]}, ${given.join(", ")}.`;
  return time === steps.length ? `${what} That was all.` : what;
}

// The picture. `changed` is called with all inputs' values when one has moved; without it they cannot be moved.

export function picture(root, changed) {
  let graph, numbers, steps, time, shown, direction, inputs, timer;
  const scrolled = { class: "flow-graph", tabindex: 0, role: "region", "aria-label": "the graph" };
  const place = made("div", { ...scrolled, ...OWN_KEYS });
  const said = made("p", { class: "flow-said", role: "status" });
  const trouble = made("p", { class: "flow-trouble", role: "alert", hidden: "" });
  const button = (name, click) => made("button", { type: "button", click, ...OWN_KEYS }, name);
  const play = button("Play", () => (timer ? stop() : start()));
  const back = button("Back", () => go(time - 1));
  const step = button("Step", () => go(time === steps.length ? 0 : time + 1));
  const end = button("End", () => go(steps.length));
  const controls = made("div", { class: "flow-controls" }, play, back, step, end);
  const above = made("div");
  root.classList.add("flow");
  root.replaceChildren(above, controls, place, said, trouble);

  function stop() {
    clearInterval(timer);
    timer = undefined;
    play.textContent = "Play";
  }
  function start() {
    if (time === steps.length) paint((time = 0));
    play.textContent = "Pause";
    timer = setInterval(() => {
      paint((time += 1));
      if (time === steps.length) stop();
    }, Math.min(PLAY.step, PLAY.most / steps.length));
  }
  function go(to) {
    stop();
    paint((time = Math.max(0, to)));
  }
  function paint() {
    const { values, grads } = seen(graph, numbers, steps, time);
    const now = time && time < steps.length ? steps[time - 1] : {};
    shown.nodes.forEach((node, k) => {
      node.value.textContent = `data ${values[k] ?? "…"}`;
      node.grad.textContent = `grad ${grads[k] ?? "…"}`;
      const texts = [node.title, node.value.textContent, node.grad.textContent];
      node.element.setAttribute("aria-label", texts.join(", ").replaceAll("…", "none yet"));
      node.element.classList.toggle("flow-forward", now.kind === "forward" && now.node === k);
      node.element.classList.toggle("flow-backward", now.kind !== "forward" && now.node === k);
    });
    shown.edges.forEach(({ element, line, label }, e) => {
      const flows = graph.edges[e][1] === now.node ? now.kind : undefined;
      element.classList.toggle("flow-forward", flows === "forward");
      element.classList.toggle("flow-backward", flows === "backward");
      label.textContent = flows === "backward" ? numbers.passed[e] : "";
      if (flows !== "backward") return;
      const { x, y } = line.getPointAtLength(Math.min(line.getTotalLength() / 2, 19)); // before the next boxes
      label.setAttribute("x", direction === "LR" ? x : x + 8); // beside the edge
      label.setAttribute("y", direction === "LR" ? y - 7 : y + 4);
    });
    back.disabled = time === 0;
    end.disabled = time === steps.length;
    said.textContent = `${time} of ${steps.length}. ${told(graph, numbers, steps, time)}`;
  }
  function fit() {
    if (!graph) return;
    const wide = graph.LR.size[0] <= place.clientWidth || graph.LR.size[0] <= graph.TB.size[0];
    const wanted = wide ? "LR" : "TB";
    if (wanted === direction) return;
    shown = drawing(graph, (direction = wanted));
    place.replaceChildren(shown.svg);
    paint();
  }
  new ResizeObserver(fit).observe(place);

  return {
    // Show a graph: at the end of all steps, or where the one before it was.
    show(given) {
      ({ graph, numbers } = given);
      const before = time ?? 0;
      const ended = before === (steps?.length ?? 0);
      steps = stepsOf(graph);
      time = ended ? steps.length : Math.min(before, steps.length);
      direction = undefined;
      fit();
    },
    // Show other numbers in the same graph.
    renew(given) {
      numbers = given;
      paint();
    },
    // Offer inputs, {name: {value, low, high}}, in place of those before.
    offer(given) {
      inputs = sliders(given, (values) => changed?.(values));
      for (const field of changed ? [] : inputs.element.querySelectorAll("input")) field.disabled = true;
      above.replaceChildren(inputs.element);
    },
    set: (values) => inputs.set(values),
    // Say what went wrong, or with no text that nothing did.
    complain(text) {
      trouble.textContent = text;
      trouble.hidden = !text;
    },
  };
}

// The widget.

function render({ model, el }) {
  const view = picture(el, (values) => {
    model.set("values", values);
    model.save_changes();
  });
  const shown = () => ({ graph: model.get("graph"), numbers: model.get("numbers") }); // which arrive together
  view.offer(model.get("inputs"));
  view.set(model.get("values"));
  view.show(shown());
  let drawn = model.get("graph");
  const renew = () => {
    if (model.get("graph") === drawn) return view.renew(model.get("numbers"));
    drawn = model.get("graph");
    view.show(shown());
  };
  const listeners = {
    "change:graph": renew,
    "change:numbers": renew,
    "change:values": () => view.set(model.get("values")),
    "change:trouble": () => view.complain(model.get("trouble")),
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(name, listener);
  return () => Object.entries(listeners).forEach(([name, listener]) => model.off(name, listener));
}

export default { render };
