"""The op table as a table for readers: what each op is, and what it can do."""

from __future__ import annotations

from typing import NamedTuple

from autograd import batching
from autograd.composite import COMPOSITES
from autograd.dispatch import OPS
from autograd.formulas import letter

__all__ = ["Row", "as_markdown", "rows"]

# The operator of the ONNX standard (https://onnx.ai/onnx/operators) that computes the same, where one does alone.
ONNX = {
    "abs": "Abs",
    "add": "Add",
    "adaptive_avg_pool2d": "GlobalAveragePool",
    "arccos": "Acos",
    "arccosh": "Acosh",
    "arcsin": "Asin",
    "arcsinh": "Asinh",
    "arctan": "Atan",
    "arctanh": "Atanh",
    "argmax": "ArgMax",
    "argmin": "ArgMin",
    "astype": "Cast",
    "avg_pool1d": "AveragePool",
    "avg_pool2d": "AveragePool",
    "avg_pool3d": "AveragePool",
    "batch_norm": "BatchNormalization",
    "bitwise_and": "BitwiseAnd",
    "bitwise_or": "BitwiseOr",
    "bitwise_xor": "BitwiseXor",
    "broadcast_to": "Expand",
    "ceil": "Ceil",
    "celu": "Celu",
    "clip": "Clip",
    "concat": "Concat",
    "conv1d": "Conv",
    "conv2d": "Conv",
    "conv3d": "Conv",
    "cos": "Cos",
    "cosh": "Cosh",
    "cumsum": "CumSum",
    "det": "Det",
    "divide": "Div",
    "dropout": "Dropout",
    "einsum": "Einsum",
    "elu": "Elu",
    "equal": "Equal",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "gather": "GatherElements",
    "gelu": "Gelu",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "grid_sample": "GridSample",
    "group_norm": "GroupNormalization",
    "hardsigmoid": "HardSigmoid",
    "hardswish": "HardSwish",
    "interpolate": "Resize",
    "isinf": "IsInf",
    "isnan": "IsNaN",
    "layer_norm": "LayerNormalization",
    "leaky_relu": "LeakyRelu",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "linear": "Gemm",
    "local_response_norm": "LRN",
    "log": "Log",
    "log_softmax": "LogSoftmax",
    "logical_and": "And",
    "logical_not": "Not",
    "logical_or": "Or",
    "logical_xor": "Xor",
    "logsumexp": "ReduceLogSumExp",
    "lp_pool2d": "LpPool",
    "matmul": "MatMul",
    "max": "ReduceMax",
    "max_pool1d": "MaxPool",
    "max_pool2d": "MaxPool",
    "max_pool3d": "MaxPool",
    "maximum": "Max",
    "mean": "ReduceMean",
    "min": "ReduceMin",
    "minimum": "Min",
    "mish": "Mish",
    "multiply": "Mul",
    "negative": "Neg",
    "pad": "Pad",
    "permute_dims": "Transpose",
    "pixel_shuffle": "DepthToSpace",
    "pixel_unshuffle": "SpaceToDepth",
    "power": "Pow",
    "prelu": "PRelu",
    "prod": "ReduceProd",
    "reciprocal": "Reciprocal",
    "relu": "Relu",
    "reshape": "Reshape",
    "rint": "Round",
    "rms_norm": "RMSNormalization",
    "scatter_reduce": "ScatterElements",
    "selu": "Selu",
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "silu": "Swish",
    "sin": "Sin",
    "sinh": "Sinh",
    "softmax": "Softmax",
    "softmax_cross_entropy": "SoftmaxCrossEntropyLoss",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "split": "Split",
    "sqrt": "Sqrt",
    "stft": "STFT",
    "subtract": "Sub",
    "sum": "ReduceSum",
    "tan": "Tan",
    "tanh": "Tanh",
    "tile": "Tile",
    "topk": "TopK",
    "trunc": "Cast",
    "where": "Where",
    "scaled_dot_product_attention": "Attention",
}


class Row(NamedTuple):
    """One op.

    ``orders``   "any" where every order of derivative exists; "" where there is none
    ``forward``  "rule" where the op has a jvp rule, "parts" where it is made of ops that have one
    ``vmap``     "rule", "derived" from the kind, "parts", or "loop" (right, but one example after the other)
    ``fused``    whether the forward is a fused computation with a plain definition beside it
    ``onnx``     the ONNX operator that computes the same
    """

    name: str
    kind: str
    orders: str
    forward: str
    vmap: str
    fused: bool
    onnx: str
    formula: str
    rules: tuple[str, ...]


def rows() -> list[Row]:
    """Every op of the table, by name."""
    assert batching is not None  # its rules are entered when it is imported
    table = []
    for op in OPS.values():
        if op.kind == "item":
            continue
        if op.batch is not None:
            vmap = "rule" if callable(op.batch) else "derived"
        elif op.kind == "elementwise" or (op.kind in ("reduction", "scan") and op.static & {"axis", "axes"}):
            vmap = "derived"
        else:
            vmap = "loop"
        forward = "rule" if op.differentiable and op.jvp is not None else ""
        rules = tuple(rule for rule in op.vjp_latex if rule)
        table.append(
            Row(op.name, op.kind, "any" if op.differentiable else "", forward, vmap, op.plain is not None,
                ONNX.get(op.name, ""), _formula(op.latex, op.arguments), rules)
        )  # fmt: skip
    for entry in COMPOSITES.values():
        if entry.name in OPS or entry.name.endswith("_invariant"):
            continue
        orders, forward = ("any", "parts") if entry.differentiable else ("", "")
        code = getattr(entry.function, "__wrapped__", entry.function).__code__
        names = code.co_varnames[: code.co_argcount]
        table.append(
            Row(
                entry.name,
                "composite",
                orders,
                forward,
                "parts",
                False,
                ONNX.get(entry.name, ""),
                _formula(entry.latex, names),
                tuple(rule for rule in entry.vjp_latex if rule),
            )
        )
    return sorted(table)


def _formula(latex: str, names: tuple[str, ...]) -> str:
    """The formula with the names of the arguments in it."""
    return latex.format(*[letter(name) for name in names], "x", "y", "z", "w")


def as_markdown() -> str:
    """The op reference page."""
    table = rows()
    lines = [
        "# Ops",
        "",
        f"The table of {len(table)} ops, as `glassgrad ops --markdown` prints it. Names are NumPy's and the array",
        "API's, and PyTorch's for neural networks. Derivatives exist to any order, in reverse and in forward mode,",
        "unless the cell is empty. *vmap*: `rule` and `derived` evaluate a whole batch at once, `parts` as the ops",
        "that the op is made of do, and `loop` goes example by example.",
        "In a rule, $\\bar y$ is the gradient of the output $y$, and each argument goes by its name or by its letter:",
        "$W$ is a weight, $b$ a bias, $t$ a target. $\\odot$ is the elementwise product, $\\cdot$ multiplies by a",
        "number, and two factors without a sign are a matrix product. $A$ are the axes of the op, $N$ the number of",
        "elements along them, $B$ the other axes. Rules are those of real numbers; for complex ones the engine",
        "conjugates the derivative.",
        "",
        "| op | kind | formula | vjp of each argument | orders | forward mode | vmap | fused | ONNX |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in table:
        rules = "; ".join(f"${_cell(rule)}$" for rule in row.rules)
        formula = f"${_cell(row.formula)}$" if row.formula else ""
        lines.append(
            f"| `{row.name}` | {row.kind} | {formula} | {rules} | {row.orders} | {row.forward} | {row.vmap} | "
            f"{'yes' if row.fused else ''} | {row.onnx} |"
        )
    return "\n".join(lines) + "\n"


def _cell(latex: str) -> str:
    """LaTeX without the sign that ends a cell of a Markdown table."""
    return latex.replace("||", r"\Vert ").replace("|", r"\vert ")
