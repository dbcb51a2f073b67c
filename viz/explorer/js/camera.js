// The camera: which part of the drawing is seen. A point (x, y) of the drawing is at (x * k + tx, y * k + ty).

const camera = (glass.camera = { k: 1, tx: 0, ty: 0, width: 1, height: 1, flight: 0 });
const FARTHEST = 0.002;
const NEAREST = 4;

camera.set = (k, tx, ty) => {
  Object.assign(camera, { k: clamp(k, FARTHEST, NEAREST), tx, ty });
  glass.paintSoon();
};

// The part of the drawing on the screen, with so many pixels around it.
camera.view = (margin = 0) => ({
  x0: (-margin - camera.tx) / camera.k,
  y0: (-margin - camera.ty) / camera.k,
  x1: (camera.width + margin - camera.tx) / camera.k,
  y1: (camera.height + margin - camera.ty) / camera.k,
});

camera.point = (clientX, clientY) => {
  const { left, top } = $("#stage").getBoundingClientRect();
  return [(clientX - left - camera.tx) / camera.k, (clientY - top - camera.ty) / camera.k];
};

camera.zoomAt = (factor, px = camera.width / 2, py = camera.height / 2, smooth = false) => {
  const k = clamp(camera.k * factor, FARTHEST, NEAREST);
  const tx = px - ((px - camera.tx) * k) / camera.k;
  const ty = py - ((py - camera.ty) * k) / camera.k;
  if (smooth) camera.fly(k, tx, ty);
  else {
    camera.stop();
    camera.set(k, tx, ty);
  }
};

camera.stop = () => cancelAnimationFrame(camera.flight);

camera.fly = (k, tx, ty, duration = 260) => {
  camera.stop();
  if (calm.matches || duration === 0) return camera.set(k, tx, ty);
  const from = { k: camera.k, tx: camera.tx, ty: camera.ty };
  const start = performance.now();
  const frame = (now) => {
    const t = clamp((now - start) / duration, 0, 1);
    const e = 1 - (1 - t) ** 3;
    camera.set(from.k + (k - from.k) * e, from.tx + (tx - from.tx) * e, from.ty + (ty - from.ty) * e);
    if (t < 1) camera.flight = requestAnimationFrame(frame);
  };
  camera.flight = requestAnimationFrame(frame);
};

// The space that the panel leaves.
camera.free = () => {
  const panel = $("#panel");
  if (panel.hidden) return { width: camera.width, height: camera.height };
  const box = panel.getBoundingClientRect();
  return narrow.matches
    ? { width: camera.width, height: Math.max(120, camera.height - box.height) }
    : { width: Math.max(200, camera.width - box.width), height: camera.height };
};

camera.fit = (duration, bounds = glass.layout.bounds) => {
  const { width, height } = camera.free();
  const pad = narrow.matches ? 16 : 40;
  const across = bounds.x1 - bounds.x0;
  const down = bounds.y1 - bounds.y0;
  const k = clamp(Math.min((width - 2 * pad) / across, (height - 2 * pad) / down), FARTHEST, 1.25);
  camera.fly(k, (width - across * k) / 2 - bounds.x0 * k, (height - down * k) / 2 - bounds.y0 * k, duration);
};

// Begin so that the text can be read: all of a small drawing, the top of a large one.
camera.begin = () => {
  camera.fit(0);
  const least = narrow.matches ? 0.6 : 0.75;
  if (camera.k >= least || glass.scene.cards.length > 1500) return;
  const { x0, x1, y0 } = glass.layout.bounds;
  const fits = (x1 - x0) * least < camera.width - 40;
  const axes = [...glass.layout.cards.values()].map(({ x, width }) => x + width / 2).sort((a, b) => a - b);
  const middle = fits ? (x0 + x1) / 2 : axes[axes.length >> 1]; // where most cards are
  camera.set(least, camera.width / 2 - middle * least, 28 - y0 * least);
};

// Bring a card or box into the free part of the screen, near enough to be read.
camera.show = (key, duration) => {
  const place = glass.placeOf(key);
  if (!place) return;
  const { width, height } = camera.free();
  const k = camera.k < 0.6 || camera.k > 2 ? 1 : camera.k;
  const [x, y] = [place.x + place.width / 2, place.y + Math.min(place.height / 2, height / k / 2)];
  const inside = (at, size, room) => at > 24 && at + size < room - 24;
  const seen = k === camera.k && inside(place.x * k + camera.tx, place.width * k, width) &&
    inside(place.y * k + camera.ty, place.height * k, height);
  if (!seen) camera.fly(k, width / 2 - x * k, height / 2 - y * k, duration);
};

camera.listen = () => {
  const stage = $("#stage");
  const pointers = new Map();
  let moved = 0;
  let last = null;
  const local = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const middle = () => {
    const all = [...pointers.values()];
    const [x, y] = [0, 1].map((i) => all.reduce((total, point) => total + point[i], 0) / all.length);
    return { x, y, spread: all.length > 1 ? Math.hypot(all[0][0] - all[1][0], all[0][1] - all[1][1]) : 0 };
  };
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const step = event.deltaY * (event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? 300 : 1);
    if (event.shiftKey) return camera.set(camera.k, camera.tx - step, camera.ty);
    camera.zoomAt(Math.exp(-clamp(step, -240, 240) * (event.ctrlKey ? 0.01 : 0.002)), ...local(event));
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    camera.stop();
    if (pointers.size === 0) moved = 0;
    pointers.set(event.pointerId, local(event));
    last = middle();
  });
  stage.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, local(event));
    const now = middle();
    moved += Math.abs(now.x - last.x) + Math.abs(now.y - last.y) + Math.abs(now.spread - last.spread);
    if (moved > 4) {
      stage.classList.add("dragged");
      for (const id of pointers.keys()) if (!stage.hasPointerCapture(id)) stage.setPointerCapture(id);
      if (now.spread && last.spread) camera.zoomAt(now.spread / last.spread, now.x, now.y);
      camera.set(camera.k, camera.tx + now.x - last.x, camera.ty + now.y - last.y);
    }
    last = now;
  });
  const end = (event) => {
    pointers.delete(event.pointerId);
    if (pointers.size) last = middle();
    else setTimeout(() => stage.classList.remove("dragged"));
  };
  stage.addEventListener("pointerup", end);
  stage.addEventListener("pointercancel", end);
  stage.addEventListener("click", (event) => moved <= 4 && glass.clicked(event));
  stage.addEventListener("dblclick", (event) => {
    if (!event.target.closest("[data-toggle]")) camera.zoomAt(event.shiftKey ? 0.5 : 2, ...local(event), true);
  });
  new ResizeObserver(() => {
    const box = stage.getBoundingClientRect();
    const [width, height] = [Math.max(1, box.width), Math.max(1, box.height)];
    if (width === camera.width && height === camera.height) return;
    const known = camera.width > 1;
    const shift = known ? [(width - camera.width) / 2, 0] : [0, 0];
    Object.assign(camera, { width, height });
    if (glass.layout) camera.set(camera.k, camera.tx + shift[0], camera.ty + shift[1]);
  }).observe(stage);
  Object.assign(camera, { width: stage.clientWidth, height: stage.clientHeight });
};
