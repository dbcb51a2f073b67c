// Light, dark, or as the system has it.

const dark = matchMedia("(prefers-color-scheme: dark)");
const THEMES = { auto: ["◐", "theme: as the system"], light: ["☀", "theme: light"], dark: ["☾", "theme: dark"] };

glass.setTheme = (name) => {
  glass.state.theme = name in THEMES ? name : "auto";
  glass.isDark = glass.state.theme === "dark" || (glass.state.theme === "auto" && dark.matches);
  document.documentElement.dataset.theme = glass.isDark ? "dark" : "light";
  const [sign, label] = THEMES[glass.state.theme];
  $("#theme").replaceChildren(h("span", { "aria-hidden": "true" }, sign));
  $("#theme").setAttribute("aria-label", label);
  $("#theme").title = label;
  styles.mode = null;
  memory.set("theme", glass.state.theme);
  if (glass.layout) {
    overlays.legend();
    glass.redraw();
  }
  glass.emit("theme", { dark: glass.isDark });
};

glass.nextTheme = () => {
  const names = Object.keys(THEMES);
  glass.setTheme(names[(names.indexOf(glass.state.theme) + 1) % names.length]);
  glass.announce(THEMES[glass.state.theme][1]);
};

dark.addEventListener("change", () => glass.state.theme === "auto" && glass.setTheme("auto"));
