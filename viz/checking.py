from typing import Any


def check(view: Any, target: Any) -> Any:
    return view
