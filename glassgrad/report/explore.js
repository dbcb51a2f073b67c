// Pan and zoom the computation graph inside its box. Without this script the box still scrolls.
for (const explorer of document.querySelectorAll(".explorer")) {
  const tools = explorer.querySelector(".tools");
  const canvas = explorer.querySelector(".canvas");
  const drawing = canvas.querySelector("svg");
  const natural = { width: drawing.width.baseVal.value, height: drawing.height.baseVal.value };
  let scale = 1;

  // The point of the drawing under (x, y) of the box stays under it.
  const zoomTo = (wanted, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) => {
    const next = Math.min(4, Math.max(0.1, wanted));
    const before = drawing.getBoundingClientRect();
    const box = canvas.getBoundingClientRect();
    const share = { x: (box.left + x - before.left) / before.width, y: (box.top + y - before.top) / before.height };
    scale = next;
    drawing.setAttribute("width", natural.width * scale);
    drawing.setAttribute("height", natural.height * scale);
    const after = drawing.getBoundingClientRect();
    canvas.scrollLeft += after.left + share.x * after.width - (box.left + x);
    canvas.scrollTop += after.top + share.y * after.height - (box.top + y);
    canvas.dataset.scale = scale.toFixed(3);
  };

  const actions = {
    in: () => zoomTo(scale * 1.25),
    out: () => zoomTo(scale / 1.25),
    reset: () => zoomTo(1),
    fit: () => zoomTo(Math.min(canvas.clientWidth / natural.width, (0.8 * innerHeight) / natural.height, 1)),
  };
  tools.addEventListener("click", (event) => actions[event.target.dataset.zoom]?.());

  canvas.addEventListener("keydown", (event) => {
    const action = { "+": "in", "=": "in", "-": "out", 0: "reset" }[event.key];
    if (action && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      actions[action]();
    }
  });

  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // a plain wheel scrolls
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    zoomTo(scale * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });

  let grip = null; // where a drag started
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return; // touch scrolls by itself
    grip = { x: event.clientX + canvas.scrollLeft, y: event.clientY + canvas.scrollTop };
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("dragging");
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip) return;
    canvas.scrollLeft = grip.x - event.clientX;
    canvas.scrollTop = grip.y - event.clientY;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      grip = null;
      canvas.classList.remove("dragging");
    });
  }

  canvas.dataset.scale = "1.000";
  if ("fit" in explorer.dataset) zoomTo(Math.max(0.6, Math.min(1, canvas.clientWidth / natural.width)));
  canvas.scrollLeft = (natural.width * scale - canvas.clientWidth) / 2;
  tools.hidden = false;
}
