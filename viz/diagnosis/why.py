"""``viz.why``: the cause of a gradient that is zero, missing, not finite, tiny or huge."""

from __future__ import annotations

from typing import Any

from autograd import levels, record
from autograd.backend import is_differentiable
from autograd.errors import ArgumentError, DtypeError
from autograd.naming import named_tensors
from autograd.recording import Recording
from autograd.tape import Variable
from viz.diagnosis.explanation import Explanation
from viz.diagnosis.facts import facts_of
from viz.diagnosis.living import trace_of
from viz.diagnosis.missing import Cut, cut_of_stranger, integer
from viz.diagnosis.reasons import explain, no_gradient, size_of
from viz.diagnosis.recorded import trace_of_recording

__all__ = ["why"]


def why(tensor: Any, of: Any = None, *, names: Any = None) -> Explanation:
    """Why the gradient of a value is zero, None, NaN, infinite, huge or tiny, with the numbers that make it so.

    ``tensor``  a Tensor or Value; of a recording also its name, or its id there
    ``of``      what the gradient is of: the loss (a Tensor or Value whose graph is still there: before ``backward``, or
                after ``backward(retain_graph=True)``), or a recording of the forward and the backward pass: the
                context of ``with ag.record() as tape:``, or the Recording. Without it, what the Tensor alone tells.
    ``names``   a model, or a dict from names to Tensors, for the text to call values by

    Of a loss, the gradients of the whole graph are computed anew: no ``.grad`` changes, and gradient hooks run once
    more. A recording also knows the line and the part of the model of each op.

    A gradient is called tiny below 2⁻²³ of the value's own size (root mean square; 1 for a value of zeros), and huge
    above a thousand times that. Every cause that it knows is in :data:`viz.CAUSES`.

    Raises ArgumentError or DtypeError for what it cannot look at; a graph that has been given back is an answer.
    """
    if of is None:
        return _of_itself(tensor)
    known = {t.node.seq: name for name, t in named_tensors(names, "names") if getattr(t, "node", None) is not None}
    if isinstance(of, (record, Recording)):
        return _in_recording(tensor, of, known)
    if not hasattr(of, "node"):
        raise DtypeError(
            f"why: of is a {type(of).__name__}; give the loss (a Tensor or Value), or a recording: "
            "`with ag.record() as tape:` around forward and backward, then why(tensor, tape)."
        )
    _check_tensor(tensor)
    if of.node is None:
        raise ArgumentError(
            f"why: of is a Tensor of shape {tuple(of.shape)} without a graph: nothing that it was computed from asks "
            "for a gradient, or it was made under no_grad() or by detach(). Give the loss as it was computed."
        )
    trace = trace_of(of, known)
    quantity = None if tensor.node is None else trace.quantities.get(tensor.node.seq)
    if quantity is None:
        return no_gradient(_title(tensor, known), cut_of_stranger(tensor, of, trace))
    return explain(trace, quantity)


def _in_recording(tensor: Any, of: record | Recording, names: dict[int, str]) -> Explanation:
    recording = of if isinstance(of, Recording) else of.recording
    if isinstance(of, record) and of in levels.here.watchers:
        raise ArgumentError("why: the recording is still going on. Ask after the `with` block, when it is whole.")
    if not recording.ops:
        raise ArgumentError("why: the recording is empty. Put the forward and the backward pass inside its block.")
    if isinstance(tensor, int):
        if not 0 <= tensor < len(recording.values):
            raise ArgumentError(f"why: value {tensor} is not in the recording, which has {len(recording.values)}.")
        found: Any = recording.values[tensor]
    elif isinstance(tensor, str):
        found = recording.value_of(tensor)
        if found is None:
            known = ", ".join(v.name for v in recording.values if v.name) or "none: give record(names=model)"
            raise ArgumentError(f"why: no value of the recording is named {tensor!r}. Names: {known}.")
    else:
        _check_tensor(tensor)
        found = of.value_of(tensor)
    if found is None:
        reason = "no recorded op has used it"
        return no_gradient(
            _title(tensor, names), Cut("disconnected", reason, "Use it in what the loss is computed from.")
        )
    trace = trace_of_recording(recording, found.id)
    for quantity in trace.quantities.values():
        if quantity.seq in names:
            quantity.name = names[quantity.seq]
    quantity = trace.quantities[found.id]
    kept = facts_of(getattr(tensor, "grad", None)) if _has_hooks(tensor) else None
    if kept is not None and quantity.arrived is not None and kept.is_zero and not quantity.arrived.is_zero:
        quantity.gradient = kept  # what a leaf keeps after its hooks is not recorded
    return explain(trace, quantity)


def _has_hooks(tensor: Any) -> bool:
    return isinstance(tensor, Variable) and bool(getattr(tensor.node, "hooks", None))


def _check_tensor(tensor: Any) -> None:
    if not isinstance(tensor, Variable):
        raise DtypeError(
            f"why: tensor is a {type(tensor).__name__}; give a Tensor or a Value, such as a parameter of the model."
        )


def _title(tensor: Any, known: dict[int, str]) -> str:
    name = known.get(tensor.node.seq) if tensor.node is not None else None
    shape = tuple(tensor.shape)
    return name or getattr(tensor, "label", "") or (f"the Tensor of shape {shape}" if shape else "the number")


def _of_itself(tensor: Any) -> Explanation:
    """What can be said without the loss."""
    _check_tensor(tensor)
    title = _title(tensor, {})
    more = "Give the loss or a recording for the cause: why(tensor, loss), or why(tensor, tape) after ag.record()."
    if not is_differentiable(tensor.dtype):
        return no_gradient(title, integer(tensor.dtype))
    if tensor.node is None:
        reason = "it does not ask for a gradient, or was made under no_grad() or by detach()"
        return no_gradient(title, Cut("not_required", reason, "Make it with requires_grad=True, with recording on."))
    grad = tensor.grad
    if grad is None:
        if not tensor.is_leaf:
            reason = f"it was computed by {tensor.node.op.name}, and only leaves keep their gradient"
            return no_gradient(title, Cut("not_kept", reason, f"Call retain_grad() on it before backward. {more}"))
        reason = "no backward pass has reached it since its gradient was last forgotten"
        return no_gradient(title, Cut("no_backward", reason, more))
    g = facts_of(grad)
    assert g is not None
    kind, size = size_of(g, facts_of(tensor.array))
    return Explanation(
        "healthy" if kind == "healthy" else "unknown", f"The gradient of {title} is {size}. {more}", norm=g.length
    )
