"""The what-if sliders in a real browser: the figures are those of the Python code."""

from __future__ import annotations

import pytest

from attribution.report.chapters.what_if import what_if, what_if_block, what_if_data
from attribution.report.document import Chapter, Report, Text
from attribution.report.mix_view import MixView
from attribution.report.page import page
from attribution.report.what_if_numbers import what_if_numbers
from attribution.report.words import Words

NUMBERS = "window.report.whatIf['what-if'].latest()"
STATE = "window.report.whatIf['what-if'].state"


WORDS = Words("en-US", "EUR")


def html_of(chapter, words=WORDS, colours=None):
    first = Chapter("answer", "Answer", "", (Text("."),))
    return page(Report("Report", "", first, (chapter,), colours or {}), words)


@pytest.fixture(scope="module")
def data(mixed):
    return what_if_data(mixed.mix_views[0])


@pytest.fixture(scope="module")
def html(mixed):
    return html_of(what_if(mixed), mixed.words, mixed.colours)


def slide(page, place, value):
    page.locator(".slider input[type=range]").nth(place).evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })); }", value
    )


def compared(page, data, multiples):
    found, wanted = page.evaluate(NUMBERS), what_if_numbers(data, multiples)
    assert found["spend"] == pytest.approx(wanted.spend)
    pairs = [("expected", found["expected"], wanted.expected), ("change", found["change"], wanted.change)]
    pairs += [("marginal", f, w) for f, w in zip(found["marginal"], wanted.marginal, strict=True)]
    for name, ours, theirs in pairs:
        for end in ("mean", "lower", "upper"):
            assert ours[end] == pytest.approx(getattr(theirs, end), rel=1e-9, abs=1e-6), (name, end)
    assert tuple(found["outside"]) == wanted.outside


def test_sliders_give_the_figures_of_the_python_code(open_page, html, data):
    page = open_page(html)
    compared(page, data, [1, 1])
    slide(page, 0, 137)
    compared(page, data, [1.37, 1])
    slide(page, 1, 3)
    compared(page, data, [1.37, 0.03])
    slide(page, 0, 200)
    slide(page, 1, 0)
    compared(page, data, [2, 0])
    wanted = what_if_numbers(data, [2, 0])
    assert page.locator(".figure .value").nth(0).inner_text() == Words("en-US", "EUR").money(wanted.expected.mean)


@pytest.mark.parametrize("name", ["log", "orders", "many"])
def test_every_form_of_fit_gives_the_same_figures(open_page, mixed, others, name):
    view = MixView(others[name])
    block = what_if_block(view)
    page = open_page(html_of(Chapter("what-if", "What if", "", (block,))))
    multiples = [1.0] * len(view.paid)
    multiples[0], multiples[1] = 1.5, 0.4
    slide(page, 0, 150)
    slide(page, 1, 40)
    compared(page, block.data, multiples)


def test_the_address_holds_the_plan_and_restores_it(open_page, html, data):
    page = open_page(html)
    slide(page, 1, 64)
    fragment = page.evaluate("location.hash")
    assert fragment == "#what-if=search:64"
    again = open_page(html, fragment=fragment)
    compared(again, data, [1, 0.64])
    assert again.locator(".slider input[type=range]").nth(1).input_value() == "64"
    again.evaluate("location.hash = '#what-if=tv:20f;total'")
    again.wait_for_function(f"() => {STATE}.locked")
    compared(again, data, [0.2, 1])
    again.get_by_role("button", name="Back to today").click()
    compared(again, data, [1, 1])


def test_nonsense_in_the_address_is_passed_over(open_page, html, data):
    page = open_page(html, fragment="#what-if=nobody:50,tv:abc,search:900,%3Cscript%3E:1;what")
    compared(page, data, [1, 2])


def test_a_locked_total_stays(open_page, mixed, others):
    view = MixView(others["many"])
    block = what_if_block(view)
    page = open_page(html_of(Chapter("what-if", "What if", "", (block,))))
    total = page.evaluate(f"{NUMBERS}.spend")
    page.get_by_label("Keep the total").check()
    page.get_by_label("Fix channel 03").check()
    for place, value in ((0, 180), (1, 0), (2, 200), (0, 10), (5, 0), (6, 0), (7, 200)):
        slide(page, place, value)
        multiples = page.evaluate(f"{STATE}.multiples")
        assert page.evaluate(f"{NUMBERS}.spend") == pytest.approx(total)
        assert multiples[3] == 1
        assert multiples[place] == pytest.approx(value / 100)
        assert all(0 <= m <= 2 + 1e-9 for m in multiples)


def test_others_give_in_proportion(open_page, mixed, others):
    block = what_if_block(MixView(others["many"]))
    page = open_page(html_of(Chapter("what-if", "What if", "", (block,))))
    slide(page, 4, 50)
    page.get_by_label("Keep the total").check()
    slide(page, 0, 150)
    multiples = page.evaluate(f"{STATE}.multiples")
    assert multiples[4] / multiples[5] == pytest.approx(0.5)
    assert len({round(m, 9) for m in multiples[5:]}) == 1


def test_it_says_when_a_slider_leaves_the_data(open_page, html, data):
    page = open_page(html)
    warning = page.locator(".sliders .outside")
    assert warning.is_hidden()
    slide(page, 0, 100 * data["channels"][0]["least"] / 2)
    assert "tv" in warning.inner_text()
    assert "Less than the data have seen" in page.locator(".slider").first.inner_text()


def test_it_works_by_keyboard_and_is_told(open_page, html, data):
    page = open_page(html)
    slider = page.get_by_role("slider", name="tv", exact=True)
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    compared(page, data, [1.03, 1])
    assert "103" in slider.get_attribute("aria-valuetext")
    page.wait_for_function(
        "() => document.querySelector('.sliders [role=status]').textContent.includes('against today')"
    )


def test_plans_are_buttons(open_page, mixed):
    view = mixed.mix_views[0]
    block = what_if_block(view, [("Best split", [view.spend[0] * 1.2, view.spend[1] * 0.5])])
    page = open_page(html_of(Chapter("what-if", "What if", "", (block,))))
    page.get_by_role("button", name="Best split").click()
    compared(page, block.data, [1.2, 0.5])


def test_a_hostile_name_stays_text_and_keeps_its_plan(open_page, mixed):
    block = what_if_block(mixed.mix_views[0])
    name = '<script>alert(1)</script>:50%,f;total"é'
    block.data["channels"][0]["name"] = name
    html = html_of(Chapter("what-if", "What if", "", (block,)))
    page = open_page(html)
    assert page.locator(".slider .name").first.inner_text() == name
    slide(page, 0, 30)
    again = open_page(html, fragment=page.evaluate("location.hash"))
    assert again.evaluate(f"{STATE}.multiples") == [0.3, 1]
    assert again.locator(".sliders script").count() == 0


def test_numbers_are_written_as_the_locale_does(open_page, mixed):
    block, words = what_if_block(mixed.mix_views[0]), Words("de-DE", "EUR")
    page = open_page(html_of(Chapter("what-if", "What if", "", (block,)), words))
    wanted = words.money(what_if_numbers(block.data, [1, 1]).expected.mean)
    assert page.locator(".figure .value").first.text_content() == wanted
    assert "." in wanted


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_overflows(open_page, html, width):
    page = open_page(html, width)
    slide(page, 0, 200)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
