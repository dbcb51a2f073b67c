"""The explorer, in a real browser with the network off: what it shows is what the view says."""

from __future__ import annotations

import io
import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

import viz
from autograd.errors import ArgumentError
from autograd.watching import Summary, summarize
from tests.viz.conftest import wait_until
from tests.viz.sample_graphs import chain, network, random_view
from viz.drawing.colour_scale import RAMP, colour_scale, contrast
from viz.drawing.faces import CARDS, card_of, faces
from viz.explorer import page, write
from viz.explorer.encode import encode
from viz.graphs.view import Check, EdgeView, GraphView, GroupView, NodeView
from viz.graphs.wording import amount_text, number_text, shape_text


def cards_on(tab):
    """The keys of the cards that are elements of the page."""
    return set(tab.evaluate("[...document.querySelectorAll('#cards [data-key]')].map((e) => e.dataset.key)"))


def keys_of(view):
    return {card.key for card in viz.scene(view).cards}


def selected(tab):
    return tab.evaluate("glass.state.selected")


# --------------------------------------------------------------------------------------------------------- the file


def test_the_page_is_small_and_loads_nothing(tmp_path):
    text = page(network())
    assert len(text.encode()) < 300_000
    assert set(re.findall(r"https?://[^\s\"'<>`\\]+", text)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML",
    }  # fmt: skip
    assert not re.search(r"url\((?!#)|@import|\b(src|srcset)=", text)
    assert "default-src 'none'" in text
    assert "unsafe" not in text
    assert write(network(), tmp_path / "page.html").read_text(encoding="utf-8") == text
    assert network().to_html() == text
    with pytest.raises(ArgumentError, match="there is no folder"):
        write(network(), tmp_path / "none" / "page.html")


def test_what_is_written_is_what_the_view_holds():
    view = replace(random_view(3), marked=frozenset({1}))
    data = json.loads(encode(view))
    nodes = data["nodes"]
    assert nodes["count"] == len(view.nodes)

    def column(packed):
        full = [None] * nodes["count"]
        if isinstance(packed, dict):
            for at, of in zip(packed["at"], packed["of"], strict=True):
                full[at] = of
            return full
        return full if packed is None else packed

    for name in ("op", "kind", "shape"):
        codes = column(nodes[name]["code"])
        table = [tuple(x) if isinstance(x, list) else x for x in nodes[name]["table"]]
        assert [None if c is None else table[c] for c in codes] == [getattr(n, name) for n in view.nodes]
    for name in ("group", "flops", "seconds", "nbytes"):
        assert column(nodes[name]) == [getattr(n, name) for n in view.nodes]
    assert data["edges"]["source"] == [edge.source for edge in view.edges]
    assert data["marked"] == [1]


def test_numbers_that_json_has_not_are_written_as_words():
    values = summarize(np.array([1.0, np.nan, np.inf, -np.inf]))
    node = NodeView(0, "op", "log", value=values, check=Check(float("nan"), 1.0, False))
    data = json.loads(encode(GraphView((node,), ())))
    assert data["summaries"]["data"] == [[1.0, "nan", "inf", "-inf"]]
    assert data["nodes"]["check"] == [["nan", 1.0, False, ""]]


def test_an_op_is_described_in_prose():
    nodes = tuple(NodeView(i, "op", name) for i, name in enumerate(("tanh", "exp", "relu", "linear")))
    told = [formula["doc"] for formula in json.loads(encode(GraphView(nodes, ())))["formulas"].values()]
    assert all(told)
    assert not any("out=None" in doc or "\n" in doc for doc in told)


def test_a_name_cannot_break_out_of_the_page(open_page):
    evil = '</script><script>window.broken = 1</script><img src=x onerror="window.broken = 1">'
    view = GraphView((NodeView(0, "parameter", name=evil),), (), title=evil)
    tab = open_page(page(view), fragment="#n0")
    assert tab.evaluate("window.broken") is None
    assert evil in tab.text_content("#details")


# ---------------------------------------------------------------------------------------------- the same as in Python


def test_the_scenes_of_the_page_are_those_of_python(open_page):
    tab = open_page(page(network()))
    views = [random_view(seed) for seed in range(40)]
    all_found = tab.evaluate(
        """(texts) => texts.map((text) => {
              const { readGraph, sceneOf } = glass.library;
              const raw = JSON.parse(text);
              const graph = readGraph(raw);
              const scene = sceneOf(graph, new Set(raw.closed), new Set(raw.rolled), graph.overlay);
              return {
                cards: scene.cards.map((c) => [c.key, c.box, c.members, c.shape < 0 ? null : graph.shape.table[c.shape],
                  c.dtype < 0 ? null : graph.dtype.table[c.dtype], c.nbytes, c.flops, c.seconds, c.saved, c.overlay]),
                wires: scene.wires.map((w) => [w.source.key, w.target.key, w.edge, w.count, w.carried]),
                boxes: scene.boxes.map((b) => [b.group, b.parent]),
              };
            })""",
        [encode(view) for view in views],
    )
    for seed, (view, found) in enumerate(zip(views, all_found, strict=True)):
        scene = viz.scene(view)
        place = {id(edge): i for i, edge in enumerate(view.edges)}
        assert found["boxes"] == [[box.group.id, -1 if box.parent is None else box.parent] for box in scene.boxes]
        assert found["wires"] == [[w.source, w.target, place[id(w.edge)], w.count, w.carried] for w in scene.wires]
        assert len(found["cards"]) == len(scene.cards)
        for (key, box, members, shape, dtype, *sums, overlay), card in zip(found["cards"], scene.cards, strict=True):
            assert (key, box, members) == (card.key, -1 if card.box is None else card.box, list(card.members)), seed
            assert (shape, dtype) == (None if card.shape is None else list(card.shape), card.dtype), (seed, key)
            assert sums == pytest.approx([card.nbytes, card.flops, card.seconds, card.saved])
            assert overlay == (pytest.approx(card.overlay) if isinstance(card.overlay, float) else card.overlay)


def test_numbers_are_put_into_the_same_words(open_page):
    tab = open_page(page(network()))
    draw = np.random.default_rng(0)
    numbers = [
        0.0,
        1.0,
        -1.5,
        1e-5,
        1e-4,
        9999.4,
        9999.6,
        99995.0,
        123456.0,
        1e100,
        -2e-300,
        0.1 + 0.2,
        1e22,
        5e-324,
        1250.5,
        1251.5,
        2.125,
        2176.0,
    ]
    numbers += (draw.normal(size=300) * 10.0 ** draw.integers(-12, 12, size=300)).tolist()
    assert tab.evaluate("(all) => all.map(glass.library.numberText)", numbers) == [number_text(x) for x in numbers]
    for unit in ("", "B", "s", "FLOP"):
        amounts = [abs(x) for x in numbers if abs(x) < 1e17 and (x == 0 or abs(x) > 1e-11)]
        found = tab.evaluate("([all, unit]) => all.map((x) => glass.library.amountText(x, unit))", [amounts, unit])
        assert found == [amount_text(x, unit) for x in amounts]
    shapes = [(), (3,), (2, 4, 5), ((2,), ()), (0,)]
    assert tab.evaluate("(all) => all.map(glass.library.shapeText)", shapes) == [shape_text(s) for s in shapes]


def test_nothing_overlaps_and_no_wire_goes_through_a_card(open_page):
    tab = open_page(page(network()))
    views = [*map(random_view, range(30)), chain(120), chain(120, group=11)]
    found = tab.evaluate(
        """(texts) => texts.map((text) => {
              const { readGraph, sceneOf, layoutOf } = glass.library;
              const raw = JSON.parse(text);
              const graph = readGraph(raw);
              const scene = sceneOf(graph, new Set(raw.closed), new Set(raw.rolled));
              for (const card of scene.cards) card.isLeaf = card.node >= 0 && graph.text(graph.kind, card.node) === "parameter";
              const { cards, boxes, paths } = layoutOf(scene, (c) => ({ width: 60 + (c.index % 5) * 20, height: 30 + (c.index % 3) * 15 }), () => 80);
              const all = [...cards];
              const problems = [];
              const meet = (a, b, e = 0.5) => a.x < b.x + b.width - e && b.x < a.x + a.width - e && a.y < b.y + b.height - e && b.y < a.y + a.height - e;
              all.forEach(([key, a], i) => all.slice(i + 1).forEach(([other, b]) => meet(a, b) && problems.push([key, other])));
              const within = (a, b) => a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width + 0.01 && a.y + a.height <= b.y + b.height + 0.01;
              for (const card of scene.cards) if (card.box >= 0 && !within(cards.get(card.key), boxes.get(`g${card.box}`))) problems.push([card.key, "outside its box"]);
              for (const box of scene.boxes) if (box.parent >= 0 && !within(boxes.get(box.key), boxes.get(`g${box.parent}`))) problems.push([box.key, "outside its box"]);
              for (const card of scene.cards) for (const box of scene.boxes) {
                let at = card.box; const around = new Set();
                while (at >= 0) { around.add(at); at = scene.boxes.find((b) => b.group === at).parent; }
                if (!around.has(box.group) && meet(cards.get(card.key), boxes.get(box.key))) problems.push([card.key, "in the box", box.key]);
              }
              scene.wires.forEach((wire, i) => {
                const points = paths[i].points;
                if (points.some(([x, y]) => !Number.isFinite(x + y))) problems.push(["not a number", i]);
                for (let k = 1; k < points.length; k++) {
                  const [[x0, y0], [x1, y1, curve]] = [points[k - 1], points[k]];
                  for (let t = 0; t <= 12; t++) {
                    const u = t / 12;
                    const s = curve ? u * u * (3 - 2 * u) : u;
                    const v = curve === true ? u * (1.5 - 1.5 * u + u * u) : u;
                    const [x, y] = curve === true ? [x0 + (x1 - x0) * s, y0 + (y1 - y0) * v] : [x0 + (x1 - x0) * u, y0 + (y1 - y0) * s];
                    for (const [key, card] of all) {
                      if (key === wire.source.key || key === wire.target.key) continue;
                      if (x > card.x + 1 && x < card.x + card.width - 1 && y > card.y + 1 && y < card.y + card.height - 1) problems.push(["wire", wire.source.key, wire.target.key, "through", key]);
                    }
                  }
                }
              });
              return problems;
            })""",
        [encode(view) for view in views],
    )
    assert [view.title for view, problems in zip(views, found, strict=True) if problems] == [], found


# ------------------------------------------------------------------------------------------------------ what it does


def test_it_opens_with_the_cards_of_the_view(open_page):
    view = network()
    tab = open_page(page(view))
    assert cards_on(tab) == keys_of(view)
    assert tab.text_content("h1") == "A small network"
    assert "6 nodes · 6 edges" in tab.text_content("#counts")
    name = tab.get_attribute("[data-key=n2]", "aria-label")
    assert name.startswith("linear, 2×2 float32")
    assert tab.get_by_role("button", name=name).count() == 1
    assert tab.get_attribute("#drawing", "role") == "group"  # of an image a screen reader would not tell the parts
    assert tab.locator("#wires [data-wire]").count() == 6
    assert tab.locator("#boxes [data-key]").count() == 2


def test_closing_and_opening_groups_shows_the_scene_of_that_state(open_page):
    view = network()
    tab = open_page(page(view))
    tab.click("#heads [data-key=g1] [data-toggle]")
    assert cards_on(tab) == keys_of(viz.collapse(view, where=lambda g: g.id == 1))
    tab.click("#heads [data-key=g0] [data-toggle]")
    assert cards_on(tab) == keys_of(viz.collapse(view)) == {"n0", "g0", "n4", "n5"}
    assert "closed group body" in tab.get_attribute("[data-key=g0]", "aria-label")
    tab.click("#cards [data-key=g0] [data-toggle]")
    tab.click("#cards [data-key=g1] [data-toggle]")
    assert cards_on(tab) == keys_of(view)
    tab.select_option("#depth", "1")
    assert cards_on(tab) == keys_of(viz.collapse(view, 1))
    tab.select_option("#depth", "all")
    assert cards_on(tab) == keys_of(view)


def test_closed_groups_and_repeated_names_are_told_as_in_other_drawings(open_page):
    tab = open_page(page(viz.collapse(network())))
    texts = tab.evaluate("[...document.querySelectorAll('[data-key=g0] text')].map((t) => t.textContent)")
    face = faces(viz.collapse(network()), viz.scene(viz.collapse(network())), details=False).cards["g0"]
    assert texts == [line.text for line in face.lines] == ["body", "Sequential · 2×2", "3 nodes · 4 parameters"]


def test_groups_glide_where_movement_is_welcome(open_page):
    tab = open_page(page(network()), reduced_motion="no-preference")
    before = tab.locator("#boxes [data-key=g1]").bounding_box()
    assert tab.evaluate("(glass.toggle(1), document.querySelector('#stage').classList.contains('moving'))")
    wait_until(tab, "!document.querySelector('#stage').classList.contains('moving')")
    after = tab.locator("#cards [data-key=g1]").bounding_box()
    assert after["y"] == pytest.approx(before["y"], abs=6)  # what was clicked stays where it was


def test_rolled_loops_can_be_unrolled(open_page):
    view = next(v for v in map(random_view, range(100)) if v.rolled and not v.closed & v.rolled)
    (*_, loop) = sorted(view.rolled)
    view = replace(view, closed=frozenset(), rolled=frozenset({loop}))
    tab = open_page(page(view))
    count = tab.evaluate("glass.scene.cards.length")
    assert count == len(viz.scene(view).cards)
    tab.evaluate(f"glass.roll({loop})")
    assert tab.evaluate("glass.scene.cards.length") == len(view.nodes) > count
    tab.evaluate(f"glass.roll({loop})")
    assert tab.evaluate("glass.scene.cards.length") == count


def test_what_a_browser_could_not_lay_out_is_refused_with_words(open_page):
    steps = 20_001
    groups = (
        GroupView(0, "loop", "step", count=steps),
        *(GroupView(i + 1, "repetition", str(i), parent=0) for i in range(steps)),
    )
    nodes = tuple(NodeView(i, "op", "relu", "elementwise", group=i + 1) for i in range(steps))
    edges = tuple(EdgeView(i, i + 1, 0) for i in range(steps - 1))
    rolled = GraphView(nodes, edges, groups=groups, rolled=frozenset({0}))
    tab = open_page(page(rolled), fragment="#n9000&unroll=0")
    assert tab.evaluate("glass.scene.cards.length") == 1
    assert selected(tab) == "n9000"  # whose card is that of the first step
    assert "relu" in tab.text_content("#details")
    tab.evaluate("glass.roll(0)")
    assert "20,001 cards" in tab.text_content("#toast")
    assert tab.evaluate("glass.scene.cards.length") == 1


def test_search_finds_by_every_field_and_opens_what_hides_it(open_page):
    view = viz.collapse(network())
    tab = open_page(page(view))
    find = lambda query: tab.evaluate("(q) => glass.search.find(q)", query)  # noqa: E731
    assert find("linear") == ["g1", "n1", "n2"]  # the Linear module, what is in its scope, and the op
    assert find("op:linear") == ["n2"]
    assert find("kind:parameter") == ["n1"]
    assert find("dtype:float64") == ["n4"]
    assert find("shape:2x2") == find("2×2") == ["n0", "n1", "n2", "n3", "n4"]
    assert find("scope:body relu") == ["n3"]
    assert find("nonfinite") == []
    tab.keyboard.press("/")
    tab.keyboard.type("body.lin.weight")
    assert tab.locator("#results [role=option]").count() == 1
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    assert selected(tab) == "n1"
    assert "n1" in cards_on(tab)
    assert tab.evaluate("document.activeElement.dataset.key") == "n1"
    tab.keyboard.press("Control+k")
    assert tab.evaluate("document.activeElement.id") == "search"


def test_search_finds_numbers_that_are_not_finite(open_page):
    bad = summarize(np.array([np.nan, 1.0]))
    nodes = (NodeView(0, "input", value=summarize([1.0])), NodeView(1, "output", "log", value=bad))
    tab = open_page(page(GraphView(nodes, (EdgeView(0, 1, 0),))))
    assert tab.evaluate("glass.search.find('nonfinite')") == ["n1"]
    tab.select_option("#overlay", "first non-finite")
    tab.click("#legend button")
    assert selected(tab) == "n1"


def test_the_details_are_those_of_the_view(open_page):
    view = network()
    tab = open_page(page(view))
    tab.click("[data-key=n2]")
    text = tab.text_content("#details")
    for words in (
        "linear",
        "2×2",
        "float32",
        "8 FLOP",
        "500 µs",
        "48 B",
        "16 B",
        "net.py:12",
        "in forward",
        "body",
        "lin",
    ):
        assert words in text, words
    cells = tab.evaluate("[...document.querySelectorAll('.part.value .cell title')].map((e) => e.textContent)")
    assert cells == ["[0, 0] = 1.5", "[0, 1] = −2", "[1, 0] = 0", "[1, 1] = 0.25"]
    rows = tab.evaluate(
        "[...document.querySelectorAll('.part.value .elements tr')].map((r) => [...r.cells].map((c) => c.textContent))"
    )
    assert rows == [["0", "1.5", "−2"], ["1", "0", "0.25"]]
    assert tab.evaluate("[...document.querySelectorAll('.part.wires a')].map((a) => a.dataset.go)") == [
        "n0",
        "n1",
        "n3",
    ]
    assert tab.evaluate("[...document.querySelectorAll('.part.wires .slot-name')].map((a) => a.textContent)") == [
        "x",
        "weight",
    ]
    tab.click(".part.wires [data-go=n3]")
    assert "not computed" in tab.text_content(".part.gradient")
    tab.click(".crumbs [data-go=g0]")
    assert selected(tab) == "g0"
    assert "12 FLOP" in tab.text_content("#details")
    tab.keyboard.press("Escape")
    assert selected(tab) is None
    assert tab.is_hidden("#panel")


def test_without_a_backward_pass_nothing_is_said_of_gradients(open_page):
    view = network()
    plain = replace(view, nodes=tuple(replace(node, gradient=None) for node in view.nodes))
    tab = open_page(page(plain), fragment="#n2")
    assert "grad" not in tab.evaluate(
        "[...document.querySelectorAll('#cards [data-key]')].map((e) => e.getAttribute('aria-label') + e.textContent).join()"
    )
    assert tab.locator(".part.gradient").count() == 0
    tab.evaluate("glass.showTable(true)")
    assert "gradient" not in tab.text_content("#rows thead")


def test_numbers_can_be_left_to_the_details(open_page):
    tab = open_page(page(replace(network(), values=False)), fragment="#n5")
    assert "2.5" not in tab.text_content("[data-key=n5]")
    assert "2.5" in tab.text_content(".part.value")


def test_a_gradient_is_not_said_to_lack_one(open_page):
    value = summarize([1.0, -2e-300])
    nodes = (
        NodeView(0, "input", name="x", value=value, gradient=value), NodeView(1, "output", "tanh", "elementwise", value=value),
        NodeView(2, "backward", "tanh", value=value, origin=1), NodeView(3, "gradient", name="x", value=value, origin=0),
    )  # fmt: skip
    tab = open_page(page(GraphView(nodes, (EdgeView(2, 3, 0, kind="gradient"),))))
    for node, words in ((2, "goes back through"), (3, "gradient of")):
        tab.evaluate(f"glass.go('n{node}')")
        assert "is itself a gradient" in tab.text_content(".part.value")
        assert words in tab.text_content(".part.facts")
        assert tab.locator(".part.gradient").count() == 0
    tab.evaluate("glass.showTable(true)")
    cells = tab.evaluate("[...document.querySelectorAll('#rows tbody tr')].map((r) => r.cells[3].textContent)")
    assert cells == ["norm 1", "not computed", "the value is one", "the value is one"]


def test_odd_values_are_told_as_they_are(open_page):
    values = [np.zeros((0, 3)), np.full(2, np.nan), np.array([1 - 2e-9j, 3]), np.array(-2e-300)]
    nodes = tuple(NodeView(i, "input", shape=v.shape, value=summarize(v)) for i, v in enumerate(values))
    tab = open_page(page(GraphView(nodes, ())))
    found = []
    for node in nodes:
        tab.evaluate(f"glass.go('n{node.id}')")
        found.append(tab.text_content(".part.value"))
    for text, words in zip(found, ("empty", "no element is finite", "1−2e−09i", "−2e−300"), strict=True):
        assert words in text


def test_long_columns_of_numbers_are_read_as_they_were(open_page):
    numbers = [None if k % 7 == 0 else math.sin(k) * 10.0 ** (k % 30 - 15) for k in range(20_001)]
    nodes = [
        NodeView(k, "input", value=Summary((3,), "float64", 24, x, x, x, x, 0 if x is not None else 3, None))
        for k, x in enumerate(numbers)
    ]
    tab = open_page(page(GraphView(tuple(nodes), ())))
    assert tab.evaluate("glass.graph.summary(glass.graph.value[5]).mean") == numbers[5]
    read = tab.evaluate("Array.from(glass.graph.value, (place) => glass.graph.summary(place).mean)")
    assert read == numbers


def test_a_histogram_is_drawn_from_its_counts(open_page):
    facts = summarize(np.linspace(-1, 1, 100))._replace(histogram=(1, 0, 4, 2))
    tab = open_page(page(GraphView((NodeView(0, "input", value=facts),), ())), fragment="#n0")
    heights = tab.evaluate(
        "[...document.querySelectorAll('.histogram .bar')].map((r) => Number(r.getAttribute('height')))"
    )
    assert [h / max(heights) for h in heights] == [0.25, 0, 1, 0.5]


def test_overlays_colour_by_the_totals_of_the_cards(open_page):
    view = viz.collapse(network())
    tab = open_page(page(view))
    names = tab.evaluate("[...document.querySelector('#overlay').options].map((o) => o.value)")
    assert names == ["", "time", "bytes", "flops", "gradient norm", "saved", "dtype", "first non-finite"]
    plain = tab.get_attribute("[data-key=g0] .face", "fill")
    assert plain == CARDS["group"].fill
    tab.select_option("#overlay", "flops")
    assert "12 FLOP" in tab.get_attribute("[data-key=g0]", "aria-label")
    assert tab.text_content("#legend .ends") == "4 FLOP12 FLOP"
    scale = colour_scale(viz.overlay(view, "flops").overlay, [4, 12])  # as in the pictures
    fills = {key: tab.get_attribute(f"[data-key={key}] .face", "fill") for key in ("g0", "n4", "n5")}
    assert fills["g0"] == scale.swatch(12).fill == RAMP[-1]
    assert fills["n4"] == fills["n5"] == scale.swatch(4).fill == RAMP[0]
    assert tab.locator("[data-key=n0] .hatched").count() == 1  # not known, which is not the least
    assert "not known" in tab.text_content("#legend")
    tab.keyboard.press("Escape")
    tab.select_option("#overlay", "dtype")
    assert "float32" in tab.text_content("#legend")
    tab.select_option("#overlay", "")
    assert tab.get_attribute("[data-key=g0] .face", "fill") == plain


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ((0.0, -1.0, 1e-5, 3.0, 100.0, float("inf")), "log"),
        ((0.0, -1.0, 0.0, 0.0, 0.0, 0.0), "log"),
        ((7.0, 7.0, 7.0, float("nan"), 7.0, 7.0), "linear"),
        ((1, 2, 3, 40, 500, 6000), "linear"),
        (("a", "<b>", "c", "a", "d", "e"), "category"),
    ],
)
def test_an_overlay_has_the_colours_and_words_of_the_pictures(open_page, values, scale):
    overlay = viz.Overlay("mine", "mine", values, scale, "mixed" if scale == "category" else "max")
    tab = open_page(page(replace(network(), overlay=overlay)))
    found = tab.evaluate(
        "glass.scene.cards.map((c) => [glass.overlays.paint(c).fill, glass.overlays.paint(c).text, glass.overlays.words(c.overlay)])"
    )
    pictures = colour_scale(overlay, values)
    assert found == [[*pictures.swatch(value)[:2], pictures.text(value)] for value in values]
    assert all(contrast(fill, text) >= 4.5 for fill, text, _ in found)
    legend = tab.text_content("#legend")
    assert "not known" not in legend
    assert ("nan" in legend) == (scale == "linear" and values[0] == 7)


def test_the_overlay_of_the_view_is_there_at_once(open_page):
    values = (0.5, None, 2.0, 0.25, 1.0, 1.0)
    view = replace(network(), overlay=viz.Overlay("loss", "share of the loss", values, "linear", "max"))
    tab = open_page(page(view))
    assert tab.evaluate("glass.state.overlay") == "view:loss"
    assert "share of the loss" in tab.text_content("#legend")
    assert tab.locator("[data-key=n1] .hatched").count() == 1
    built_in = open_page(page(viz.overlay(network(), "flops")), name="built_in.html")
    assert built_in.evaluate("glass.state.overlay") == "flops"
    assert built_in.evaluate("glass.overlays.list.filter((one) => one.name.includes('flops')).length") == 1


def test_the_theme_follows_the_system_and_can_be_switched(open_page):
    tab = open_page(page(network()), color_scheme="dark")
    background = lambda: tab.evaluate("getComputedStyle(document.querySelector('#stage')).backgroundColor")  # noqa: E731
    assert background() == "rgb(15, 18, 22)"
    tab.click("#theme")
    assert "light" in tab.get_attribute("#theme", "aria-label")
    assert background() == "rgb(251, 251, 252)"
    tab.reload()
    wait_until(tab, "document.documentElement.dataset.ready === 'true'")
    assert background() == "rgb(251, 251, 252)"  # remembered
    tab.emulate_media(color_scheme="dark")
    assert background() == "rgb(251, 251, 252)"
    tab.evaluate("glass.setTheme('auto')")
    assert background() == "rgb(15, 18, 22)"


def test_a_browser_that_forbids_storage_is_no_obstacle(open_page):
    refuse = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('refused') } })"
    tab = open_page(page(network()), script=refuse)
    tab.click("#theme")
    assert tab.evaluate("glass.state.theme") == "light"


def test_everything_by_keyboard(open_page):
    view = network()
    tab = open_page(page(view))
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "skip"
    stops = []
    while not stops or not re.fullmatch(r"n\d+", stops[-1]):
        tab.keyboard.press("Tab")
        stops.append(tab.evaluate("document.activeElement.dataset.key ?? document.activeElement.id"))
    assert stops == ["search", "overlay", "depth", "table-button", "copy", "theme", "help-button", "n0"]
    active = lambda: tab.evaluate("document.activeElement.dataset.key")  # noqa: E731
    assert active() == "n0"
    tab.keyboard.press("ArrowDown")
    assert active() in ("n2", "n4")
    while active() != "n2":
        tab.keyboard.press("ArrowUp")
        tab.evaluate("glass.focusCard('n2')")
    tab.keyboard.press("ArrowLeft")
    assert active() == "n1"
    tab.keyboard.press("ArrowDown")
    assert active() == "n2"
    walked = []
    for _ in range(3):
        tab.keyboard.press("ArrowDown")
        walked.append(active())
    assert walked == ["n3", "n4", "n5"]
    tab.keyboard.press("Enter")
    assert selected(tab) == "n5"
    assert tab.evaluate("document.activeElement.id") == "details-title"
    tab.keyboard.press("Escape")
    assert active() == "n5"
    tab.evaluate("glass.focusCard('n2')")
    tab.keyboard.press("c")
    assert active() == "g1"
    assert cards_on(tab) == keys_of(viz.collapse(view, where=lambda g: g.id == 1))
    tab.keyboard.press("Enter")
    assert cards_on(tab) == keys_of(view)
    before = tab.evaluate("glass.camera.k")
    tab.keyboard.press("+")
    assert tab.evaluate("glass.camera.k") == pytest.approx(before * 1.3)
    tab.keyboard.press("f")
    tab.keyboard.press("?")
    assert tab.is_visible("#help")
    assert "search" in tab.text_content("#help-keys")
    tab.keyboard.press("Escape")
    assert tab.is_hidden("#help")
    tab.keyboard.press("o")
    assert tab.evaluate("glass.state.overlay") == "time"


def test_the_table_says_what_the_drawing_shows(open_page):
    view = network()
    tab = open_page(page(view))
    tab.keyboard.press("t")
    rows = lambda: tab.evaluate("[...document.querySelectorAll('#rows tbody tr')].map((r) => r.dataset.row)")  # noqa: E731
    assert rows() == [card.key for card in viz.scene(view).cards]
    tab.click("#rows thead button:has-text('FLOPs')")
    assert rows()[0] == "n2"
    assert rows()[-2:] == ["n0", "n1"]  # not known comes last
    text = tab.text_content("#rows [data-row=n3]")
    for words in ("relu", "2×2", "float32", "4 FLOP", "100 µs", "not computed"):
        assert words in text
    tab.click("#open-boxes button:has-text('body')")
    assert set(rows()) == keys_of(viz.collapse(view, where=lambda g: g.id == 0))
    tab.click("#rows [data-row=g0] button")
    tab.click("#rows [data-row=n4] a")
    assert selected(tab) == "n4"


def test_a_long_table_comes_in_pages(open_page):
    tab = open_page(page(chain(250)))
    tab.click("#table-button")
    assert tab.locator("#rows tbody tr").count() == 100
    assert "page 1 of 3" in tab.text_content("#pages")
    tab.click("#pages button:has-text('next')")
    assert tab.get_attribute("#rows tbody tr", "data-row") == "n100"


def test_an_address_leads_back_to_what_was_seen(open_page):
    view = viz.collapse(network())
    tab = open_page(page(view), fragment="#n2&overlay=flops")
    assert selected(tab) == "n2"
    assert tab.evaluate("glass.state.overlay") == "flops"
    assert cards_on(tab) == keys_of(network())
    tab.evaluate("glass.select('n5')")
    address = tab.evaluate("location.hash")
    assert address.startswith("#n5&")
    tab.go_back()
    wait_until(tab, "glass.state.selected === 'n2'")
    tab.go_forward()
    wait_until(tab, "glass.state.selected === 'n5'")
    tab.select_option("#overlay", "time")
    tab.go_back()
    wait_until(tab, "document.querySelector('#overlay').value === 'flops'")  # the controls follow
    tab.reload()
    wait_until(tab, "document.documentElement.dataset.ready === 'true'")
    assert selected(tab) == "n5"
    assert cards_on(tab) == keys_of(network())
    assert tab.evaluate("glass.state.overlay") == "flops"


@pytest.mark.parametrize(
    "fragment", ["#n99&open=77&overlay=nonsense", "#g9&roll=0", "#%", "#n-1&overlay=%E0%A4%A&open=-3"]
)
def test_an_address_that_leads_nowhere_shows_the_page_as_it_begins(open_page, fragment):
    view = viz.collapse(network())
    tab = open_page(page(view), fragment=fragment)
    assert selected(tab) is None
    assert cards_on(tab) == keys_of(view)
    assert tab.evaluate("glass.state.overlay") == ""
    length = tab.evaluate("history.length")
    tab.evaluate("glass.arrange()")
    assert tab.evaluate("history.length") <= length + 1


def test_the_camera_pans_zooms_and_fits(open_page):
    tab = open_page(page(network()))
    x, y = 900, 300
    point = tab.evaluate(f"glass.camera.point({x}, {y})")
    tab.mouse.move(x, y)
    tab.mouse.wheel(0, -200)
    wait_until(tab, "glass.camera.k > 1.3")
    assert tab.evaluate(f"glass.camera.point({x}, {y})") == pytest.approx(point)  # the point under the pointer stays
    tab.mouse.down()
    tab.mouse.move(x - 150, y + 80, steps=3)
    tab.mouse.up()
    assert tab.evaluate(f"glass.camera.point({x - 150}, {y + 80})") == pytest.approx(point)
    assert selected(tab) is None  # a drag is no click
    # A transform inside of the SVG would lay out every text anew at each step of a zoom.
    assert "scale" in tab.evaluate("document.querySelector('#drawing').style.transform")
    assert tab.get_attribute("#world", "transform") is None
    tab.click("#fit")
    inside = tab.evaluate(
        "(() => { const v = glass.camera.view(), b = glass.layout.bounds; return v.x0 <= b.x0 && v.x1 >= b.x1 && v.y0 <= b.y0 && v.y1 >= b.y1; })()"
    )
    assert inside


def test_the_map_shows_the_whole_and_leads_anywhere(open_page):
    tab = open_page(page(chain(200)))
    box = tab.locator("#minimap").bounding_box()
    pixels = tab.evaluate(
        "(() => { const c = document.querySelector('#minimap'); return new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size; })()"
    )
    assert pixels > 5
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 8)
    view, bounds = tab.evaluate("[glass.camera.view(), glass.layout.bounds]")
    assert view["y0"] <= bounds["y1"] <= view["y1"]


def test_a_screenshot_shows_the_colours_of_the_data(open_page):
    image = pytest.importorskip("PIL.Image", reason="reading a screenshot needs pillow")
    view = network()
    tab = open_page(page(view), color_scheme="light")
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        wait_until(tab, f"document.documentElement.dataset.theme === '{scheme}'")
        tab.evaluate("glass.camera.fit(0), new Promise(requestAnimationFrame)")
        picture = np.asarray(image.open(io.BytesIO(tab.screenshot())).convert("RGB"))
        assert len(np.unique(picture @ np.array([65536, 256, 1]))) > 30
        for node in view.nodes:
            box = tab.locator(f"[data-key=n{node.id}] .face").bounding_box()
            fill = CARDS[card_of(node)].fill
            seen = picture[int(box["y"] + box["height"] - 5), int(box["x"] + box["width"] / 2)]
            assert tuple(seen) == tuple(int(fill[i : i + 2], 16) for i in (1, 3, 5)), node.id


def test_far_away_cards_are_rectangles_on_a_canvas(open_page):
    tab = open_page(page(chain(200)))
    tab.evaluate("glass.camera.set(0.2, 400, 20)")
    wait_until(tab, "document.querySelector('#stage').classList.contains('far')")
    assert len(cards_on(tab)) == 1  # the one that holds the focus
    place = tab.evaluate("glass.layout.cards.get('n2')")
    x, y = ((place["x"] + place["width"] / 2) * 0.2 + 400, (place["y"] + place["height"] / 2) * 0.2 + 20)
    pixel = tab.evaluate(
        f"[...document.querySelector('#far').getContext('2d').getImageData({int(x)}, {int(y)}, 1, 1).data]"
    )
    assert pixel[3] == 255
    stage = tab.locator("#stage").bounding_box()
    tab.mouse.click(stage["x"] + x, stage["y"] + y)
    assert selected(tab) == "n2"
    assert tab.evaluate("glass.camera.k") >= 0.6


def test_backward_cards_can_be_hidden(open_page):
    nodes = (
        NodeView(0, "input"), NodeView(1, "output", "tanh", "elementwise"),
        NodeView(2, "backward", "tanh", origin=1), NodeView(3, "gradient", name="x", origin=0),
    )  # fmt: skip
    edges = (
        EdgeView(0, 1, 0),
        EdgeView(1, 2, 0, kind="link"),
        EdgeView(2, 3, 0, kind="gradient", value=summarize(1.0)),
    )
    tab = open_page(page(GraphView(nodes, edges)))
    assert cards_on(tab) == {"n0", "n1", "n2", "n3"}
    assert tab.locator(".wire.gradient").count() == tab.locator(".wire.link").count() == 1
    tab.uncheck("#backward")
    assert cards_on(tab) == {"n0", "n1"}
    assert tab.locator(".wire").count() == 1
    tab.evaluate("glass.go('n3')")
    assert cards_on(tab) == {"n0", "n1", "n2", "n3"}


def test_it_works_on_a_phone(open_page):
    tab = open_page(page(network()), viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    tab.tap("#more")
    assert tab.is_visible("#overlay")
    tab.tap("#more")
    tab.evaluate("glass.camera.fit(0)")
    tab.tap("[data-key=n5]")
    panel = tab.locator("#panel").bounding_box()
    assert panel["width"] == 390
    assert panel["y"] > 300


def test_on_paper_there_is_the_whole_drawing_in_light_colours(open_page):
    view = chain(120)
    tab = open_page(page(view), color_scheme="dark")
    assert cards_on(tab) < keys_of(view)
    tab.emulate_media(media="print", color_scheme="dark")
    tab.evaluate("glass.print(true)")
    assert cards_on(tab) == keys_of(view)
    assert tab.evaluate("getComputedStyle(document.querySelector('#stage')).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.is_hidden("#finder")
    tab.emulate_media(media="screen")
    tab.evaluate("glass.print(false)")
    assert cards_on(tab) < keys_of(view)


def test_extensions_are_told_and_can_add(open_page):
    tab = open_page(page(network()))
    tab.evaluate(
        """() => {
          window.said = [];
          glass.on("select", ({ key }) => window.said.push(key));
          glass.addPanel({ id: "mine", title: "Mine", render({ node }, element) {
            if (!node) return false;
            element.textContent = `node ${node.id}`;
          } });
          glass.decorate(2, { text: "✓", tone: "good", title: "agrees" });
          glass.addKey({ key: "x", words: "mine", run: () => window.said.push("x") });
        }"""
    )
    tab.click("[data-key=n2]")
    tab.keyboard.press("x")
    assert tab.evaluate("said") == ["n2", "x"]
    assert tab.text_content(".part.mine") == "Minenode 2"
    assert tab.locator("[data-key=n2] .badge.good").count() == 1
    assert tab.evaluate("glass.wiresBetween(0, 2).map((w) => Boolean(w.element))") == [True]


def test_a_hundred_thousand_nodes_open_with_groups_closed_and_pan(open_page):
    view = chain(100_000)
    tab = open_page(page(view))
    shown = tab.evaluate("glass.scene.cards.length")
    assert 10 <= shown <= 400
    assert "100,000 nodes" in tab.text_content("#counts")
    before = cards_on(tab)
    tab.mouse.move(600, 400)
    tab.mouse.down()
    tab.mouse.move(600, 100, steps=4)
    tab.mouse.up()
    wait_until(tab, "glass.camera.ty < 0")
    assert len(cards_on(tab)) < 200
    assert cards_on(tab) != before
    tab.evaluate("glass.depth(Infinity)")
    assert "100,000 cards" in tab.text_content("#toast")
    assert tab.evaluate("glass.scene.cards.length") == shown
    tab.evaluate("glass.go('n77777')")
    assert "n77777" in cards_on(tab)
    assert tab.evaluate("glass.search.find('op:relu kind:op').length") == sum(n.op == "relu" for n in view.nodes)


def test_an_empty_view_is_a_page_too(open_page):
    tab = open_page(page(GraphView((), ())))
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("t")
    assert "0 cards" in tab.text_content("#rows")
