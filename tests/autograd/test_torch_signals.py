"""PyTorch as the oracle of differences, convolutions, interpolation: rows of the table of test_torch_hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
from tests.autograd.torch_oracle import Draw, Fixed, Table, against_pytorch

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
F = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch on its own plans and history
row = Table()

# One row, one line: the formatter would make a page of it.
# fmt: off

row("ediff1d", ag.ediff1d, lambda x, *ends: torch.cat([*ends[1:], x.reshape(-1).diff(), *ends[:1]]),
    lambda d: (d.xs(1, 2), *(d.x(n) for n in d.one((), (1,), (2, 1)))), "dD")
row("gradient: axes", lambda x, h, e: ag.gradient(x, *h, edge_order=e), lambda x, h, e: torch.gradient(x, spacing=h, edge_order=e),
    lambda d: (x := d.x(*d.shape(2, 3, 3)), d.one((0.5, 2.0, 1.0), (1.0, 1.0, 1.0))[: x.ndim], d.int(1, 2)), "dD")
row("gradient", lambda x, h, a, e: ag.gradient(x, h, axis=a, edge_order=e), lambda x, h, a, e: torch.gradient(x, spacing=h, dim=a, edge_order=e)[0],
    lambda d: (x := d.xs(1, 3), d.one(1.0, 0.5), d.int(0, x.ndim - 1), d.int(1, 2)), "dD")
row("gradient: places", lambda x, p, e: ag.gradient(x, p, edge_order=e), lambda x, p, e: torch.gradient(x, spacing=(p.detach(),), edge_order=e)[0],
    lambda d: (x := d.x(d.int(3, 5)), Fixed(np.sort(d.x(x.shape[0], distinct=True))), d.int(1, 2)))


def laid_along(a: Any, v: Any, mode: str) -> Any:
    """The convolution by the one of neural networks, which does not turn the kernel round."""
    a, v = (v, a) if len(v) > len(a) else (a, v)
    full = F.conv1d(a[None, None], v.flip(0)[None, None], padding=len(v) - 1)[0, 0]
    start = {"full": 0, "same": (len(v) - 1) // 2, "valid": len(v) - 1}[mode]
    return full[start : start + {"full": len(full), "same": len(a), "valid": len(a) - len(v) + 1}[mode]]


def laid_against(a: Any, v: Any, mode: str) -> Any:
    """The convolution with the conjugate turned round; NumPy lays a longer one down from the other end."""
    turned = v.conj().resolve_conj().flip(0)
    if mode != "same" or len(v) <= len(a):
        return laid_along(a, turned, mode)
    return laid_along(a, turned, "full")[len(a) // 2 :][: len(v)]


row("convolve", ag.convolve, laid_along, lambda d: (d.x(d.int(1, 5)), d.x(d.int(1, 5)), d.one("full", "same", "valid")), "dD")
row("correlate", ag.correlate, laid_against, lambda d: (d.x(d.int(1, 5)), d.x(d.int(1, 5)), d.one("full", "same", "valid")), "dD")


def line_through(x: Any, xp: Any, fp: Any) -> Any:
    cell = (torch.searchsorted(xp.detach(), x.detach(), right=True) - 1).clamp(0, len(xp) - 2)
    share = (x - xp[cell]) / (xp[cell + 1] - xp[cell])
    inside = fp[cell] + (fp[cell + 1] - fp[cell]) * share
    return torch.where(x < xp[0], fp[0], torch.where(x > xp[-1], fp[-1], inside))


def line_around(x: Any, xp: Any, fp: Any, period: float) -> Any:
    """Within one period, with a neighbour from either side."""
    xp, order = (xp % period).sort()
    fp = fp[order]
    return line_through(x % period, torch.cat([xp[-1:] - period, xp, xp[:1] + period]), torch.cat([fp[-1:], fp, fp[:1]]))


def points(d: Draw) -> tuple[Any, ...]:
    xp = np.sort(d.x(d.int(2, 5), distinct=True))
    return d.xs(low=-3, high=3), xp, d.x(*xp.shape)


row("interp", ag.interp, line_through, points)
row("interp: ends", lambda x, xp, fp, low, high: ag.interp(x, xp, fp, low, high),
    lambda x, xp, fp, low, high: torch.where(x < xp[0], low, torch.where(x > xp[-1], high, line_through(x, xp, fp))), lambda d: (*points(d), -0.5, 1.5))
row("interp: period", lambda x, xp, fp, p: ag.interp(x, xp, fp, period=p), line_around,
    lambda d: (d.xs(low=-6, high=6), d.rng.permuted(d.x(n := d.int(2, 5), distinct=True, low=-1.4, high=1.4)), d.x(n), 3.0))
row("polyval", ag.polyval, lambda p, x: sum(c * x ** (len(p) - 1 - k) for k, c in enumerate(p)), lambda d: (d.x(d.int(1, 4)), d.xs()), "dD")
row("vander", ag.vander, lambda x, n, up: (lambda v: v if up else v.flip(1))(torch.linalg.vander(x, N=n)),
    lambda d: (d.x(d.int(1, 4)), d.int(2, 4), d.bool()), "dD")

# fmt: on

test_against_pytorch = against_pytorch(row)
