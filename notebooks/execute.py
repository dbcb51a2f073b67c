"""Run notebooks from top to bottom and save what they print and draw, without times of day.

Name some, as in ``python notebooks/execute.py notebooks/01_*.ipynb``, or none for all.
"""

import sys
from pathlib import Path

import nbclient
import nbformat

for path in map(Path, sys.argv[1:] or sorted(Path(__file__).parent.glob("*.ipynb"))):
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(notebook, record_timing=False, coalesce_streams=True)
    client.execute(cwd=str(path.parent))
    nbformat.write(notebook, path)
    print(path)
