"""The backward pass step by step, predict the gradient, changed leaves and scalar zoom, in a real Chromium."""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
import viz
from autograd.scalar import Value
from tests.viz.lessons import fan_out, network, neuron


def gradients_of(tab):
    """Every gradient that the page shows, by node, as lists of numbers."""
    return tab.evaluate(
        """() => Object.fromEntries([...Array(glass.graph.n).keys()].map((i) => [i, glass.graph.gradientOf(i)])
          .filter(([, g]) => g).map(([i, g]) => [i, [g.data].flat(Infinity)]))"""
    )


def values_of(tab):
    return tab.evaluate(
        """() => Object.fromEntries([...Array(glass.graph.n).keys()].map((i) => [i, glass.graph.valueOf(i)])
          .filter(([, v]) => v).map(([i, v]) => [i, [v.data].flat(Infinity)]))"""
    )


def text(tab, selector):
    return tab.locator(selector).inner_text()


def card(tab, node):
    return tab.evaluate(f"glass.element('n{node}').textContent")


def by_label(view):
    return {node.name or node.op: node.id for node in view.nodes}


# ------------------------------------------------------------------------------------------------- the scrubber


def test_scrubbing_to_the_end_shows_the_gradients_of_the_engine(open_page):
    y, leaves = neuron()
    view = viz.graph(y)
    tab = open_page(view.to_html())
    tab.click("#scrubber-start")
    tab.click("#step-last")
    shown = gradients_of(tab)
    y.backward()
    places = by_label(view)
    for name, leaf in leaves.items():
        assert shown[str(places[name])] == [leaf.grad]
    assert "Complete" in text(tab, "#rule")
    assert all(len(numbers) == 1 for numbers in shown.values())
    assert len(shown) == len(view.nodes)


def test_gradients_of_tensors_at_the_end(open_page):
    loss, parameters, inputs = network()
    view = viz.graph(loss, *inputs, names=parameters, values=True)
    tab = open_page(view.to_html())
    tab.click("#scrubber-start")
    tab.click("#step-last")
    shown, places = gradients_of(tab), by_label(view)
    found = ag.gradients(loss(*inputs), list(parameters.values()))
    for name, gradient in zip(parameters, found, strict=True):
        np.testing.assert_allclose(shown[str(places[name])], np.ravel(gradient.data), rtol=1e-12)


def test_at_the_beginning_nothing_but_the_output_has_a_gradient(open_page):
    y, _ = fan_out()
    view = viz.graph(y)
    tab = open_page(view.to_html())
    tab.click("#scrubber-start")
    assert gradients_of(tab) == {str(len(view.nodes) - 1): [1]}
    assert "not yet" in card(tab, 0)
    states = tab.evaluate("[...document.querySelectorAll('.card')].map((c) => c.dataset.lesson)")
    assert set(states) == {"waiting"}


def test_fan_out_adds_up(open_page):
    y, a = fan_out()
    view = viz.graph(y)
    tab = open_page(view.to_html())
    tab.click("#scrubber-start")
    y.backward()
    partial = []
    for _ in view.steps:
        tab.click("#step-forward")
        shown = gradients_of(tab)
        if "0" in shown:
            partial.append(shown["0"][0])
    assert len(set(partial)) == 3  # from the last addition, from b, and twice from a * a
    assert partial[-1] == a.grad
    sums = tab.locator(".gift[data-to='0'] .accumulator").all_inner_texts()
    assert len(sums) == 2
    assert all("+" in one and "=" in one for one in sums)


def test_the_rule_stands_there_with_its_numbers(open_page):
    y, _ = neuron()
    tab = open_page(viz.graph(y).to_html())
    tab.click("#scrubber-start")
    tab.click("#step-forward")
    words = tab.evaluate("document.querySelector('.gift .as-numbers').textContent.replace(/\\s/g, '')")
    assert words == "=1⋅(1−0.70712)=0.5"  # the 2 is the exponent
    assert tab.locator(".gift .as-numbers msup").count() == 1
    assert tab.locator(".gift .as-rule math").count() == 1


def test_negative_numbers_are_put_in_parentheses(open_page):
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    tab = open_page(viz.graph(a * b).to_html())
    tab.click("#scrubber-start")
    tab.click("#step-forward")
    words = tab.evaluate("document.querySelector('.gift .as-numbers').textContent.replace(/\\s/g, '')")
    assert words == "=1⋅(−3)=−3"


def test_small_arrays_are_matrices_and_large_ones_shapes(open_page):
    draw = np.random.default_rng(0)
    w = ag.tensor(draw.normal(size=(2, 2)), requires_grad=True)
    big = ag.tensor(draw.normal(size=(2, 30)), requires_grad=True)
    view = viz.graph(lambda w, x: (w @ x).sum(), w, big, values=True)
    tab = open_page(view.to_html())
    tab.evaluate("glass.scrubber.begin(2)")
    rows = tab.locator("#rule .gift").nth(0).locator(".result mtr").count()
    assert rows == 2
    assert "2×30, norm" in tab.evaluate("document.querySelector('#rule').textContent")


def test_done_active_and_waiting_differ_by_more_than_colour(open_page):
    y, _ = fan_out()
    tab = open_page(viz.graph(y).to_html())
    tab.evaluate("glass.scrubber.begin(3)")
    beads = dict(
        tab.evaluate(
            "[...document.querySelectorAll('.card')].map((c) => [c.dataset.lesson, c.querySelector('.bead text').textContent])"
        )
    )
    assert beads["active"] == "▶"
    assert beads["receiving"] == "+"
    assert beads["done"] in "12"
    assert beads["waiting"] in "…56"
    assert (
        tab.evaluate("getComputedStyle(document.querySelector('.card[data-lesson=waiting] .face')).strokeDasharray")
        != "none"
    )
    flowing = tab.locator(".wire.flow").count()
    assert flowing == 2 == tab.locator(".chip").count()


def test_a_step_inside_a_closed_group_lights_up_its_card(open_page):
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    view = viz.graph(lambda x: model(x).sum(), ag.ones((1, 2)), names=model, values=True, depth=0)
    tab = open_page(view.to_html())
    tab.evaluate("glass.scrubber.begin(2)")
    group = tab.evaluate("[...document.querySelectorAll('.card.group')].map((c) => c.dataset.lesson)")
    assert group == ["active"]
    tab.get_by_role("button", name="Open it").click()
    assert tab.evaluate("document.querySelector('.card[data-lesson=active]').dataset.key[0]") == "n"


def test_the_scrubber_by_keyboard_alone(open_page):
    y, _ = fan_out()
    view = viz.graph(y)
    tab = open_page(view.to_html())
    where = lambda: tab.evaluate("[glass.lesson.on, glass.lesson.position]")  # noqa: E731
    tab.keyboard.press("]")
    assert where() == [True, 0]
    for expected in (1, 2, 3):
        tab.keyboard.press("]")
        assert where() == [True, expected]
        assert f"step {expected} of {len(view.steps)}" in text(tab, "#announcer")
    tab.keyboard.press("[")
    assert where() == [True, 2]
    tab.focus("#step-slider")
    tab.keyboard.press("End")
    assert where() == [True, len(view.steps)]
    tab.keyboard.press("Home")
    assert where() == [True, 0]
    tab.select_option("#step-speed", "4")
    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press(" ")
    tab.wait_for_function("() => glass.lesson.position >= 2")
    tab.keyboard.press(" ")
    assert tab.evaluate("glass.scrubber.timer") == 0
    tab.keyboard.press("Escape")
    assert where()[0] is False
    assert tab.evaluate("document.activeElement.id") == "scrubber-start"


def test_dots_travel_where_movement_is_welcome(open_page):
    y, _ = neuron()
    tab = open_page(viz.graph(y).to_html(), reduced_motion="no-preference")
    tab.evaluate("glass.scrubber.begin(1)")
    assert tab.locator(".pulse").count() == 3
    tab.wait_for_function("() => document.querySelectorAll('.pulse').length === 0")
    still = open_page(viz.graph(y).to_html(), name="still.html")
    still.evaluate("glass.scrubber.begin(1)")
    assert still.locator(".pulse").count() == 0
    assert still.locator(".wire.flow").count() == 1


def test_without_a_backward_pass_there_is_no_bar(open_page):
    x = ag.tensor([1.0], requires_grad=True)
    tab = open_page(viz.graph((x * x).sum()).to_html())
    assert tab.locator("#scrubber").count() == 0


# ------------------------------------------------------------------------------------------------------- predict


def test_a_right_and_a_wrong_prediction(open_page):
    y, _ = neuron()
    tab = open_page(viz.graph(y).to_html())
    tab.click("#scrubber-start")
    tab.check("#step-predict")
    tab.click("#next-step")
    assert tab.evaluate("document.querySelector('.chip').textContent") == "?"
    n = tab.evaluate("glass.lesson.steps[0].contributions[0].node")
    assert "not yet" in card(tab, n)
    tab.fill("#guess", "0.9")
    tab.keyboard.press("Enter")
    assert "Not 0.9" in text(tab, "#feedback")
    assert text(tab, "#score") == "0 of 1 right"
    tab.fill("#guess", "-0.5")
    tab.keyboard.press("Enter")
    assert "but for the sign" in text(tab, "#feedback")
    tab.fill("#guess", "1 - 0.7071^2")
    tab.keyboard.press("Enter")
    assert "✓ Right, in the end: 0.5" in text(tab, ".verdict")
    assert "grad 0.5" in card(tab, n)
    assert text(tab, "#score") == "0 of 1 right"  # it took more than one attempt
    assert tab.evaluate("document.activeElement.id") == "next-step"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "guess"
    tab.keyboard.type("1/2")
    tab.keyboard.press("Enter")
    assert text(tab, "#score") == "1 of 2 right"


def test_hints_show_the_rule_and_then_its_numbers(open_page):
    y, _ = neuron()
    tab = open_page(viz.graph(y).to_html())
    tab.evaluate("glass.scrubber.begin(1); glass.predict.set(true)")
    assert tab.locator(".as-rule").count() == tab.locator(".as-numbers").count() == 0
    tab.click("#hint")
    assert tab.locator(".as-rule").count() == 1
    assert tab.locator(".as-numbers").count() == 0
    tab.click("#hint")
    assert "0.7071" in tab.evaluate("document.querySelector('.as-numbers').textContent")
    assert tab.locator(".result").count() == 0
    tab.keyboard.press("Escape")  # typed in the field, it is not ours
    tab.click("#show-answer")
    assert "It is 0.5" in text(tab, ".verdict")


def test_what_is_no_number_is_refused(open_page):
    y, _ = neuron()
    tab = open_page(viz.graph(y).to_html())
    tab.evaluate("glass.scrubber.begin(1); glass.predict.set(true)")
    for nonsense in ("", "abc", "1 +", "(1", "2 2", "alert(1)"):
        tab.fill("#guess", nonsense)
        tab.keyboard.press("Enter")
        assert "no number" in text(tab, "#feedback")
    assert tab.evaluate("glass.predict.asked") == 0


# ---------------------------------------------------------------------------------------------------------- edit


def test_an_edited_neuron_is_computed_as_by_the_engine(open_page):
    y, _ = neuron()
    view = viz.graph(y)
    tab = open_page(view.to_html())
    place = by_label(view)["x1"]
    tab.evaluate(f"glass.go('n{place}')")
    tab.fill("#edit-number", "1.3")
    fresh, leaves = neuron(x1=1.3)
    fresh.backward()
    again = viz.graph(fresh)
    values, gradients = values_of(tab), gradients_of(tab)
    for node, other in zip(view.nodes, again.nodes, strict=True):
        if node.kind == "constant":
            continue
        np.testing.assert_allclose(values[str(node.id)], [other.value.data], rtol=1e-9)
        np.testing.assert_allclose(gradients[str(node.id)], [other.gradient.data], rtol=1e-9)
    assert "1.3" in card(tab, place)
    assert tab.locator(".card.edited").count() == 1
    assert text(tab, "#details .part.gradient .number").startswith("−") == (leaves["x1"].grad < 0)
    tab.click("#edit-reset")
    assert tab.locator(".card.edited").count() == 0
    assert values_of(tab)[str(place)] == [2.0]


def test_the_lesson_follows_an_edit(open_page):
    y, _ = fan_out()
    view = viz.graph(y)
    tab = open_page(view.to_html())
    tab.evaluate(f"glass.scrubber.begin({len(view.steps)}); glass.go('n0')")
    tab.focus("#edit-number")
    for _ in range(3):
        tab.keyboard.press("ArrowUp")
    fresh, a = fan_out(0.8)
    fresh.backward()
    np.testing.assert_allclose(gradients_of(tab)["0"], [a.grad], rtol=1e-9)
    assert tab.evaluate("document.activeElement.id") == "edit-number"
    assert viz.graphs.wording.number_text(a.grad) in tab.evaluate("document.querySelector('#rule').textContent")
    tab.focus("#edit-slider")
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate("document.activeElement.id") == "edit-slider"
    changed = tab.evaluate("glass.edit.leaves.get(0)[0]")
    assert changed < 0.8
    fresh, a = fan_out(changed)
    fresh.backward()
    np.testing.assert_allclose(gradients_of(tab)["0"], [a.grad], rtol=1e-9)


@pytest.mark.parametrize("leaf", ["W1", "b2", "x"])
def test_an_edited_network_is_computed_as_by_the_engine(open_page, leaf):
    loss, parameters, inputs = network()
    view = viz.graph(loss, *inputs, names=parameters, values=True)
    tab = open_page(view.to_html())
    place = by_label(view)[leaf]
    tab.evaluate(f"glass.go('n{place}')")
    index = view.nodes[place].value.data
    last = np.size(index) - 1
    if last:
        tab.locator(f"[data-place='{last}']").click()
    tab.fill("#edit-number", "0.37")
    tensor = parameters.get(leaf, inputs[0])
    changed = np.array(tensor.data)
    changed.reshape(-1)[last] = 0.37
    tensor.array[...] = changed
    again = viz.graph(loss, *inputs, names=parameters, values=True)
    values, gradients = values_of(tab), gradients_of(tab)
    assert tab.evaluate("glass.edit.changed.size") == 1
    for node, other in zip(view.nodes, again.nodes, strict=True):
        np.testing.assert_allclose(values[str(node.id)], np.ravel(other.value.data), rtol=1e-9)
        if other.gradient is not None:
            np.testing.assert_allclose(gradients[str(node.id)], np.ravel(other.gradient.data), rtol=1e-9, atol=1e-15)


def test_several_results_and_the_backward_graph_follow_an_edit(open_page):
    def function(x):
        first, second = ag.split(x, 2)
        return (ag.exp(first) * second + second).sum()

    x = ag.tensor(np.array([0.5, -1.0, 2.0, 0.3]), requires_grad=True)
    view = viz.graph(function, x, values=True, backward=True)
    assert view.program.editable, view.program.reason
    tab = open_page(view.to_html())
    tab.evaluate(f"glass.scrubber.begin({len(view.steps)})")
    assert gradients_of(tab)["1"] == [*(np.exp([0.5, -1.0]) * [2.0, 0.3]), *(np.exp([0.5, -1.0]) + 1)]
    tab.evaluate("glass.scrubber.end(); glass.go('n0'); glass.edit.set(0, 1, 0.25)")
    x.array[1] = 0.25
    again = viz.graph(function, x, values=True, backward=True)
    values, gradients = values_of(tab), gradients_of(tab)
    np.testing.assert_allclose(gradients["0"], again.nodes[0].gradient.data, rtol=1e-9)
    for node in again.nodes:
        if node.value is not None and node.value.data is not None and node.op != "split":  # it has several
            np.testing.assert_allclose(values[str(node.id)], np.ravel(node.value.data), rtol=1e-9, err_msg=str(node))


def own_softmax(x):
    powers = ag.exp(x)
    return (powers / powers.sum())[0]


@pytest.mark.parametrize(
    ("function", "numbers", "edits"),
    [
        (lambda x: (ag.log(x) * 0.0).sum(), [1.0, 2.0], [(0, 0.0), (1, -1.0)]),  # 0 · ∞
        (
            lambda x: ag.where(x > 0, ag.sqrt(x), 0.0).sum(),
            [1.0, 4.0],
            [(0, 0.0), (0, -1.0)],
        ),  # not chosen, no gradient
        (own_softmax, [1.0, 2.0, 3.0], [(1, 1000.0)]),
        (lambda x: ag.softmax(x, axis=-1)[1], [1.0, 2.0, 3.0], [(1, 1000.0), (0, 1e308)]),
        (lambda x: ag.log_softmax(x[None], axis=-1)[0, 1], [1.0, 2.0, 3.0], [(0, 1000.0), (0, -1000.0)]),
        (lambda x: ag.logsumexp(x), [1.0, 2.0, 3.0], [(1, 1000.0), (1, 1.0)]),
        (lambda x: x.max() * 2, [1.0, 3.0, 3.0, 3.0], [(0, 3.0), (1, 9.0)]),  # ties share
        (lambda x: x.min() * 2, [1.0, 3.0, 1.0, 3.0], [(1, 1.0), (1, -9.0)]),
        (lambda x: ag.lgamma(x).sum(), [0.5, 2.0], [(0, 0.0)]),
    ],
)
def test_edits_at_the_edges_of_functions(open_page, function, numbers, edits):
    x = ag.tensor(np.array(numbers), requires_grad=True)
    view = viz.graph(function, x, values=True)
    assert view.program.editable, view.program.reason
    tab = open_page(view.to_html())
    for place, number in edits:
        tab.evaluate(f"glass.edit.set(0, {place}, {number!r})")
        x.array[place] = number
        with np.errstate(all="ignore"):
            again = viz.graph(function, x, values=True)
        values, gradients = values_of(tab), gradients_of(tab)
        for node in again.nodes:
            for shown, summary in ((values, node.value), (gradients, node.gradient)):
                if summary is not None and summary.data is not None and node.kind != "constant":
                    wanted = np.ravel(np.array(summary.data, float))
                    found = np.array(shown[str(node.id)], float)
                    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-14, err_msg=str(node))
        tab.evaluate("glass.edit.reset()")
        x.array[place] = numbers[place]


def test_the_overlay_of_gradients_follows(open_page):
    y, _ = neuron()
    view = viz.graph(y, backward=True)
    tab = open_page(viz.graph(y).to_html())
    assert view.nodes[0].gradient is not None
    tab.evaluate("glass.scrubber.begin(1)")
    names = tab.evaluate("glass.overlays.list.map((one) => one.name)")
    assert "gradient" in names
    known = "glass.overlays.list.find((one) => one.name === 'gradient').values.filter((v) => v !== null).length"
    assert tab.evaluate(known) == 2
    tab.click("#step-last")
    assert tab.evaluate(known) == len(view.steps) + 5


def test_why_editing_is_off(open_page):
    x = ag.tensor(np.ones((50, 50)), requires_grad=True)
    view = viz.graph(lambda x: (x * x).sum(), x, values=True)
    tab = open_page(view.to_html())
    tab.evaluate("glass.go('n0')")
    assert "Editing is off. It holds 5,001 numbers" in text(tab, "#edit-reason")
    x = ag.tensor([0.5], requires_grad=True)
    tab = open_page(viz.graph(lambda x: ag.erfinv(x).sum(), x, values=True).to_html())
    tab.evaluate("glass.go('n0')")
    assert "erfinv has no scalar code" in text(tab, "#edit-reason")


# ---------------------------------------------------------------------------------------------------------- zoom


def scalars(tab):
    return tab.evaluate(
        """[...document.querySelectorAll('#zoom .scalar')].map((g) => {
          const name = g.querySelector('text').textContent;
          return [g.dataset.scalar, name, Number(g.dataset.number), Number(g.dataset.slope ?? NaN)]; })"""
    )


def test_an_element_of_a_matrix_product_opens(open_page):
    loss, parameters, inputs = network()
    view = viz.graph(loss, *inputs, names=parameters, values=True)
    tab = open_page(view.to_html())
    node = next(n.id for n in view.nodes if n.op == "matmul")
    tab.evaluate(f"glass.go('n{node}')")
    tab.locator("#details .cell").nth(0).focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Enter")
    assert text(tab, "#zoom-title").startswith("matmul[0, 1]")
    found = scalars(tab)
    leaves = {name: (number, slope) for kind, name, number, slope in found if kind not in ("multiply", "add", "sum")}
    x, w = np.array(inputs[0].data), np.array(parameters["W1"].data)
    assert leaves == {
        "x[0, 0]": (x[0, 0], w[0, 1]), "x[0, 1]": (x[0, 1], w[1, 1]),
        "W1[0, 1]": (w[0, 1], x[0, 0]), "W1[1, 1]": (w[1, 1], x[0, 1]),
    }  # fmt: skip
    np.testing.assert_allclose(found[-1][2], (x @ w)[0, 1], rtol=1e-12)
    tab.keyboard.press("Escape")
    assert tab.locator("#zoom").is_hidden()


def test_an_element_of_a_convolution_opens_and_follows_an_edit(open_page):
    draw = np.random.default_rng(0)
    x, w = draw.normal(size=(1, 1, 4, 4)), draw.normal(size=(2, 1, 3, 3))
    tensors = [ag.tensor(a, requires_grad=True) for a in (x, w)]
    view = viz.graph(lambda x, w: ag.conv2d(x, w).sum(), *tensors, values=True)
    tab = open_page(view.to_html())
    node = next(n.id for n in view.nodes if n.op == "conv2d")
    tab.evaluate(f"glass.go('n{node}')")
    tab.locator("#details .part.value .cell").nth(5).click()
    expected = np.array(ag.conv2d(*tensors).data)
    found = scalars(tab)
    assert [kind for kind, *_ in found].count("multiply") == 9
    assert found[-1][0] == "sum"
    np.testing.assert_allclose(found[-1][2], expected.reshape(-1)[5], rtol=1e-12)
    tab.evaluate("glass.edit.set(1, 9, 2.5)")
    w[1, 0, 0, 0] = 2.5
    changed = np.array(ag.conv2d(ag.tensor(x), ag.tensor(w)).data)
    np.testing.assert_allclose(scalars(tab)[-1][2], changed.reshape(-1)[5], rtol=1e-12)


def test_small_results_of_a_large_graph_open_too(open_page):
    draw = np.random.default_rng(0)
    x, w = draw.normal(size=(3, 80)), draw.normal(size=(80, 3000))
    view = viz.graph(
        lambda x, w: (x @ w)[:, :2].sum(axis=0),
        ag.tensor(x, requires_grad=True),
        ag.tensor(w, requires_grad=True),
        zoom=True,
    )
    assert not view.program.editable
    tab = open_page(view.to_html())
    node = next(n.id for n in view.nodes if n.op == "sum")
    tab.evaluate(f"glass.go('n{node}')")
    tab.locator("#details .part.value .cell").nth(1).click()
    assert len(scalars(tab)) == 4
    np.testing.assert_allclose(scalars(tab)[-1][2], (x @ w)[:, 1].sum(), rtol=1e-12)


def test_what_was_not_kept_says_how_to_get_it(open_page):
    x = ag.tensor(np.ones((2, 2)), requires_grad=True)
    tab = open_page(viz.graph(lambda x: (x @ x).sum(), x).to_html())
    tab.evaluate("glass.go('n1')")
    assert "zoom=True" in text(tab, ".zoom-hint")
    tab.locator("#details .part.value .cell").nth(0).click()
    assert "zoom=True" in text(tab, "#toast")


# --------------------------------------------------------------------------------------------------------- badges


def test_badges_say_which_gradients_agree(open_page):
    wrong = ag.custom_op(lambda x: x * x, vjp=[lambda g, x: g * x], jvp="from_vjp", kind="elementwise", name="wrong")
    x = ag.tensor(np.array([0.3, -0.4]), requires_grad=True)
    view = viz.graph(lambda x: ag.exp(wrong(ag.sin(x))).sum(), x, check=True)
    tab = open_page(view.to_html())
    badges = tab.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.card')].map((c) => [c.dataset.key, c.querySelector('.badge text').textContent]))"
    )
    assert badges == {f"n{n.id}": n.check.sign for n in view.nodes}
    assert [badges[f"n{i}"] for i in range(5)] == ["✗", "✗", "✓", "✓", "✓"]
    tab.evaluate("glass.go('n1')")
    assert "finite differences disagree" in text(tab, "#details .part.check")
    assert "disagree" in tab.evaluate("document.querySelector('[data-key=n0] .badge title').textContent")


# ----------------------------------------------------------------------------------------------------------- size


def test_the_page_stays_small():
    y, _ = neuron()
    page = viz.graph(y).to_html()
    data = page.index('id="glass-data"')
    assert len(page.encode()) - (page.index("</script>", data) - data) < 300_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_on_a_phone(open_page, scheme):
    y, _ = neuron()
    tab = open_page(viz.graph(y).to_html(), viewport={"width": 390, "height": 780}, color_scheme=scheme)
    tab.evaluate("glass.scrubber.begin(2)")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    for button in ("#step-back", "#step-play", "#step-forward", "#scrubber-close", "#step-slider"):
        box = tab.locator(button).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 780
    assert tab.locator("#stage").bounding_box()["height"] > 200
