// Move through training: the slider shows the network's answer all over the plane, and where the loss stands.
{
  const training = JSON.parse(document.getElementById("training-data").textContent);
  const { side, steps, losses, right, points } = training;
  const cells = Uint8Array.from(atob(training.cells), (letter) => letter.charCodeAt(0));
  const box = document.querySelector(".player");
  const plane = box.querySelector(".plane svg");
  const boundary = plane.querySelector(".boundary");
  const canvas = box.querySelector("canvas").getContext("2d");
  const grid = new OffscreenCanvas(side, side); // one pixel a cell; drawn larger, it is smooth
  const curve = box.querySelector(".curve polyline").points;
  const line = box.querySelector("line.now");
  const dot = box.querySelector("circle.now");
  const slider = box.querySelector("input");
  const words = box.querySelector("output");
  const button = box.querySelector(".play");

  const colour = (name) => {
    const text = getComputedStyle(document.documentElement).getPropertyValue(`--chart-${name}`).trim();
    return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
  };

  // The surer the network, the stronger the colour; the page shows through where it is undecided.
  const paint = (frame) => {
    const [paper, upper, lower] = ["page", "blue", "orange"].map(colour);
    const picture = new ImageData(side, side);
    for (let i = 0; i < side * side; i++) {
      const sure = (cells[frame * side * side + i] - 127.5) / 127.5;
      const ink = sure < 0 ? upper : lower;
      for (let c = 0; c < 3; c++) picture.data[4 * i + c] = paper[c] + 0.5 * Math.abs(sure) * (ink[c] - paper[c]);
      picture.data[4 * i + 3] = 255;
    }
    grid.getContext("2d").putImageData(picture, 0, 0);
    canvas.drawImage(grid, 0, 0, canvas.canvas.width, canvas.canvas.height);
  };

  // Marching squares: in each square of four neighbouring cells, join the two sides that the level 0.5 crosses.
  const trace = (frame) => {
    const { width, height } = plane.viewBox.baseVal;
    const at = (row, column) => cells[frame * side * side + row * side + column] - 127.5;
    const place = (row, column) =>
      `${(((column + 0.5) / side) * width).toFixed(1)} ${(((row + 0.5) / side) * height).toFixed(1)}`;
    let path = "";
    for (let row = 0; row + 1 < side; row++) {
      for (let column = 0; column + 1 < side; column++) {
        const corners = [[row, column], [row, column + 1], [row + 1, column + 1], [row + 1, column]];
        const crossings = [];
        corners.forEach(([r, c], i) => {
          const [r2, c2] = corners[(i + 1) % 4];
          const [a, b] = [at(r, c), at(r2, c2)];
          if (a < 0 !== b < 0) crossings.push(place(r + ((r2 - r) * a) / (a - b), c + ((c2 - c) * a) / (a - b)));
        });
        for (let i = 0; i < crossings.length; i += 2) path += `M${crossings[i]}L${crossings[i + 1]}`;
      }
    }
    boundary.setAttribute("d", path);
  };

  const show = (frame) => {
    paint(frame);
    trace(frame);
    const step = steps[frame];
    const { x, y } = curve.getItem(step);
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    words.textContent = `step ${step} · loss ${losses[step].toFixed(4)} · ${right[frame]} of ${points} right`;
    slider.setAttribute("aria-valuetext", words.textContent);
    box.dataset.frame = frame;
  };

  // Without the movement that a reader asked to be spared: the frames change slowly, as slides do.
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = null;
  const pause = () => {
    clearTimeout(timer);
    timer = null;
    button.textContent = "▶";
    button.setAttribute("aria-label", "play");
  };
  const tick = () => {
    if (slider.valueAsNumber >= steps.length - 1) return pause();
    slider.valueAsNumber += calm.matches ? Math.ceil(steps.length / 6) : 1;
    show(slider.valueAsNumber);
    timer = setTimeout(tick, calm.matches ? 1500 : 100);
  };
  const play = () => {
    if (slider.valueAsNumber >= steps.length - 1) show((slider.valueAsNumber = 0));
    button.textContent = "❚❚";
    button.setAttribute("aria-label", "pause");
    timer = setTimeout(tick, calm.matches ? 1500 : 100);
  };

  const toggle = () => (timer === null ? play() : pause());
  button.addEventListener("click", toggle);
  slider.addEventListener("keydown", (event) => {
    if (event.key !== " ") return; // the other keys are the slider's own
    event.preventDefault();
    toggle();
  });
  slider.addEventListener("input", () => {
    pause();
    show(slider.valueAsNumber);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(slider.valueAsNumber));
  box.querySelector(".controls").hidden = false;
  show(slider.valueAsNumber);
}
