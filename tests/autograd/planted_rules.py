"""A square whose rules a test gives, wrong ones among them."""

from __future__ import annotations

import autograd as ag

square = lambda x: x * x  # noqa: E731


def bad(vjp, jvp="from_vjp", **facets):
    options = {"kind": "elementwise", "name": "bad", **facets}
    return ag.custom_op(square, vjp=vjp, jvp=jvp, **options)


def right():
    return [lambda g, x: g * 2 * x]
