"""Gradient mode: blocks, decorators, threads."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd as ag


def test_one_object_serves_many_threads_and_itself():
    off, barrier = ag.no_grad(), threading.Barrier(2)

    def work(k: int) -> list[bool]:
        seen = [ag.is_grad_enabled()]
        with ag.enable_grad() if k else ag.no_grad():
            with off:
                barrier.wait()
                with off:
                    seen.append(ag.is_grad_enabled())
                barrier.wait()
            seen.append(ag.is_grad_enabled())
        return [*seen, ag.is_grad_enabled()]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, range(2))) == [[True, False, False, True], [True, False, True, True]]


def test_a_decorated_function_is_called_by_many_threads_and_by_itself():
    barrier = threading.Barrier(2)

    @ag.no_grad()
    def work(depth: int) -> bool:
        if depth:
            return work(depth - 1)
        barrier.wait()
        return ag.is_grad_enabled()

    def around(k: int) -> tuple[bool, bool]:
        with ag.set_grad_enabled(bool(k)):
            inside = work(2)
            barrier.wait()
            return inside, ag.is_grad_enabled()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(around, range(2))) == [(False, False), (False, True)]
    assert ag.is_grad_enabled()


def test_a_decorated_generator_runs_each_step_in_the_mode():
    @ag.no_grad()
    def steps():
        reply = yield ag.is_grad_enabled()
        yield reply, ag.is_grad_enabled()
        return "end"

    def outer():
        result = yield from steps()
        yield result

    running = outer()
    assert next(running) is False
    assert ag.is_grad_enabled()
    assert running.send(7) == (7, False)
    assert ag.is_grad_enabled()
    assert next(running) == "end"


def test_a_decorated_generator_sees_what_is_thrown_into_it():
    @ag.no_grad()
    def steps():
        try:
            yield 1
        except KeyError:
            yield ag.is_grad_enabled()

    running = steps()
    assert next(running) == 1
    assert running.throw(KeyError()) is False
    assert ag.is_grad_enabled()


def test_an_async_function_is_refused():
    with pytest.raises(ag.ArgumentError, match="work is async, and other tasks would run in its mode"):

        @ag.no_grad()
        async def work():
            pass


def test_threads_add_to_one_gradient():
    w = ag.tensor(np.zeros(3), requires_grad=True)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that a lost update shows
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: (w * 1.0).sum().backward(), range(2000)))
    finally:
        sys.setswitchinterval(before)
    assert w.grad.tolist() == [2000.0] * 3
