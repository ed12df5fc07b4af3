// Lets a picture be zoomed and moved: `root` holds buttons and a place that scrolls, with an SVG in it.
(root) => {
  if (root.dataset.zoom) return; // a page may run this again
  root.dataset.zoom = "1";
  const place = root.querySelector("[data-zoom-place]");
  const svg = place.querySelector("svg");
  const { width, height } = svg.viewBox.baseVal;
  const natural = width * (svg.width.baseVal.value ? svg.width.baseVal.value / width : 1);
  let scale = 1;
  const set = (wanted, x = place.clientWidth / 2, y = place.clientHeight / 2) => {
    const before = scale;
    scale = Math.min(16, Math.max(0.05, wanted));
    svg.style.maxWidth = "none";
    svg.style.width = `${natural * scale}px`;
    svg.style.height = `${((natural * height) / width) * scale}px`;
    place.scrollLeft = ((place.scrollLeft + x) * scale) / before - x;
    place.scrollTop = ((place.scrollTop + y) * scale) / before - y;
    root.dataset.zoom = scale;
  };
  const fit = () => {
    set(0); // so that there are no scroll bars
    set(Math.min(1, (place.clientWidth - 2) / natural));
  };
  const acts = { "+": () => set(scale * 1.25), "-": () => set(scale / 1.25), 1: () => set(1), fit };
  for (const button of root.querySelectorAll("button")) {
    button.addEventListener("click", () => acts[button.dataset.zoomBy]());
  }
  place.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // else the page is scrolled, as everywhere
    event.preventDefault();
    const { left, top } = place.getBoundingClientRect();
    set(scale * Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
  }, { passive: false });
  let last;
  place.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    last = [event.clientX, event.clientY];
    place.setPointerCapture(event.pointerId);
  });
  place.addEventListener("pointermove", (event) => {
    if (!last) return;
    place.scrollLeft -= event.clientX - last[0];
    place.scrollTop -= event.clientY - last[1];
    last = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointercancel"]) place.addEventListener(end, () => (last = undefined));
  fit();
}
