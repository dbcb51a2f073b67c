"""State as bytes: a nested state becomes a JSON tree plus named arrays, and named arrays become safetensors.

JSON knows no arrays, tuples, integer keys or NaN, which optimizer states are full of. Each of them is written as a
one-entry object whose key starts with ``$``, so that what is read back equals what was written, bit for bit:

====================  =====================================
value                 in the JSON tree
====================  =====================================
``Tensor``            ``{"$tensor": "optimizer.state.0.exp_avg"}``
``numpy.ndarray``     ``{"$array": name}``
NumPy scalar          ``{"$scalar": name}``
tuple                 ``{"$tuple": [...]}``
dict, other keys      ``{"$items": [[key, value], ...]}``
NaN, infinities       ``{"$float": "nan"}``
====================  =====================================
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd import Tensor, asarray
from autograd.errors import DtypeError
from autograd.extras import import_extra

__all__ = ["arrays_from_bytes", "arrays_to_bytes", "from_tree", "host_array", "to_tree"]

# The names that the safetensors format gives to the dtypes that NumPy has itself.
_DTYPES = {
    "BOOL": np.bool_, "U8": np.uint8, "I8": np.int8, "U16": np.uint16, "I16": np.int16, "U32": np.uint32,
    "I32": np.int32, "U64": np.uint64, "I64": np.int64, "F16": np.float16, "F32": np.float32, "F64": np.float64,
    "C64": np.complex64,
}  # fmt: skip

# The format has no complex128: such an array is stored as float64 pairs, and the header remembers its name here.
_PAIRS = "complex128"


def host_array(tensor: Tensor) -> np.ndarray:
    """The values of ``tensor`` as a NumPy array, copied from its device if need be."""
    return tensor.detach().to("cpu").numpy()


def to_tree(value: Any, arrays: dict[str, np.ndarray], name: str) -> Any:
    """``value`` as what JSON can hold; each array in it goes into ``arrays`` under its dotted path from ``name``.

    Raises ``DtypeError`` that names the path of a value which is neither plain data nor an array.
    """
    if value is None or (isinstance(value, (bool, int, str)) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, float) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, Tensor):
        arrays[name] = host_array(value)
        return {"$tensor": name}
    if isinstance(value, (np.ndarray, np.generic)):
        arrays[name] = np.asarray(value)
        return {"$array" if isinstance(value, np.ndarray) else "$scalar": name}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: to_tree(item, arrays, f"{name}.{key}") for key, item in value.items()}
        return {
            "$items": [
                [to_tree(key, arrays, f"{name}.key"), to_tree(item, arrays, f"{name}.{key}")]
                for key, item in value.items()
            ]
        }
    if isinstance(value, (list, tuple)):
        items = [to_tree(item, arrays, f"{name}.{index}") for index, item in enumerate(value)]
        return items if isinstance(value, list) else {"$tuple": items}
    raise DtypeError(
        f"checkpoint: {name} is a {type(value).__name__}, which cannot be stored.\n"
        "  Store numbers, strings, lists, tuples, dicts, arrays and Tensors."
    )


def from_tree(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The value that :func:`to_tree` took apart. Tensors come back on the CPU, without gradients."""
    if isinstance(tree, list):
        return [from_tree(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1:
        ((mark, content),) = tree.items()
        if mark == "$float":
            return float(content)
        if mark == "$tensor":
            return asarray(arrays[content])
        if mark == "$array":
            return arrays[content]
        if mark == "$scalar":
            return arrays[content][()]
        if mark == "$tuple":
            return tuple(from_tree(item, arrays) for item in content)
        if mark == "$items":
            return {from_tree(key, arrays): from_tree(item, arrays) for key, item in content}
    return {key: from_tree(item, arrays) for key, item in tree.items()}


def arrays_to_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """``arrays`` in the safetensors format, which PyTorch and JAX read too.

    Any layout and byte order is taken. Raises ``MissingExtraError`` without the ``safetensors`` package.
    """
    safetensors = import_extra("safetensors.numpy", extra="train", purpose="write a checkpoint")
    plain: dict[str, np.ndarray] = {}
    header: dict[str, str] = {}
    for name, array in arrays.items():
        # order="C" and not ascontiguousarray, which would turn a zero-dimensional array into a vector
        array = np.asarray(array, order="C")
        if array.dtype == np.complex128:
            header[name] = _PAIRS
            array = array.view(np.float64).reshape(*array.shape, 2) if array.ndim else array[None].view(np.float64)
        plain[name] = array
    return safetensors.save(plain, metadata=header or None)


def arrays_from_bytes(payload: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file, writable, in memory of their own. Raises ``ValueError`` if it is not one."""
    safetensors = import_extra("safetensors", extra="train", purpose="read a checkpoint")
    try:
        entries = safetensors.deserialize(payload)
    except safetensors.SafetensorError as error:
        raise ValueError(f"not a safetensors file: {error}") from error
    pairs = _metadata(payload)
    arrays = {}
    for name, entry in entries:
        array = np.frombuffer(entry["data"], dtype=_dtype(entry["dtype"])).reshape(entry["shape"])
        arrays[name] = array.view(np.complex128).reshape(array.shape[:-1]) if pairs.get(name) == _PAIRS else array
    return arrays


def _metadata(payload: bytes) -> dict[str, str]:
    """The free text of a safetensors header: the file starts with its length as 8 bytes, then comes JSON."""
    length = int.from_bytes(payload[:8], "little")
    return json.loads(payload[8 : 8 + length]).get("__metadata__", {})


def _dtype(code: str) -> np.dtype:
    if code == "BF16":
        return np.dtype(import_extra("ml_dtypes", extra="all", purpose="read a bfloat16 tensor").bfloat16)
    if code not in _DTYPES:
        raise ValueError(f"a tensor of the file has the dtype {code}, which NumPy does not have")
    return np.dtype(_DTYPES[code])
