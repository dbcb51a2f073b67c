"""Make the pictures of docs/profiling.md from the programs that stand there.

python docs/profiling.py
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import viz

DOCS = Path(__file__).resolve().parent
LIMIT = 200_000  # bytes of a picture in the repository


def main() -> None:
    """Run the page in a folder of its own, and draw what it draws in light and dark."""
    page = (DOCS / "profiling.md").read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    space: dict[str, Any] = {"__name__": "profiling"}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        exec(compile(program, "profiling.md", "exec"), space)
        os.chdir(DOCS)
    charts = {
        "flame": space["profile"].flame,
        "roofline": space["profile"].roofline,
        "memory": space["report"].plot,
    }
    for name, draw in charts.items():
        for mode, theme in (("light", viz.LIGHT), ("dark", viz.DARK)):
            path = DOCS / "images" / f"{name}-{mode}.png"
            draw(theme=theme).figure.savefig(path, dpi=130, pil_kwargs={"optimize": True})
            size = path.stat().st_size
            print(f"{path.relative_to(DOCS)}  {size / 1000:.0f} kB")
            assert size < LIMIT, f"{path.name} is larger than {LIMIT // 1000} kB"


if __name__ == "__main__":
    main()
