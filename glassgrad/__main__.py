"""``python -m glassgrad``: the command line."""

from glassgrad.cli import main

if __name__ == "__main__":
    main()
