// The whole drawing in a corner, with the part that is on the screen; drag in it to go elsewhere.

const minimap = (glass.minimap = { picture: document.createElement("canvas"), k: 1, x: 0, y: 0, width: 0, height: 0 });

minimap.draw = () => {
  const canvas = $("#minimap");
  const dense = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !glass.layout) return;
  const { x0, y0, x1, y1 } = glass.layout.bounds;
  const k = Math.min((width - 12) / (x1 - x0), (height - 12) / (y1 - y0));
  Object.assign(minimap, { width, height, k, x: (width - (x1 - x0) * k) / 2 - x0 * k, y: (height - (y1 - y0) * k) / 2 - y0 * k });
  for (const one of [canvas, minimap.picture]) [one.width, one.height] = [width * dense, height * dense];
  const pen = minimap.picture.getContext("2d");
  pen.setTransform(k * dense, 0, 0, k * dense, minimap.x * dense, minimap.y * dense);
  sketch(pen, { x0, y0, x1, y1 }, k, glass.scene.wires.length < 3000);
  minimap.frame();
};

minimap.frame = () => {
  const canvas = $("#minimap");
  if (!minimap.width) return;
  const dense = window.devicePixelRatio || 1;
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (minimap.picture.width) pen.drawImage(minimap.picture, 0, 0);
  const { k, x, y } = minimap;
  const view = glass.camera.view();
  const { x0, y0, x1, y1 } = glass.layout.bounds;
  const isAllSeen = view.x0 <= x0 && view.y0 <= y0 && view.x1 >= x1 && view.y1 >= y1;
  canvas.classList.toggle("idle", isAllSeen); // where everything is on the screen nobody needs a map
  const [left, top] = [Math.max(1.5, view.x0 * k + x), Math.max(1.5, view.y0 * k + y)];
  const [right, bottom] = [Math.min(minimap.width - 1.5, view.x1 * k + x), Math.min(minimap.height - 1.5, view.y1 * k + y)];
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  const colours = themeColours();
  pen.strokeStyle = colours.accent;
  pen.lineWidth = 1.5;
  pen.strokeRect(left, top, Math.max(4, right - left), Math.max(4, bottom - top));
};

minimap.listen = () => {
  const canvas = $("#minimap");
  const go = (event) => {
    const box = canvas.getBoundingClientRect();
    const { camera } = glass;
    const [x, y] = [(event.clientX - box.left - minimap.x) / minimap.k, (event.clientY - box.top - minimap.y) / minimap.k];
    camera.stop();
    camera.set(camera.k, camera.width / 2 - x * camera.k, camera.height / 2 - y * camera.k);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    go(event);
  });
  canvas.addEventListener("pointermove", (event) => canvas.hasPointerCapture(event.pointerId) && go(event));
};
