"""The example courses play: they complete, record what was answered, come back to their place, in both standards."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame

from scorm_embed.core.datamodel import CmiState, Strictness, data_model
from scorm_embed.core.datamodel.api import ApiInstance, Hooks
from scorm_embed.core.standard import Standard

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
ZIPS = {"1.2": "weather-map-scorm12.zip", "2004": "weather-map-scorm2004.zip"}
STANDARDS = {"1.2": Standard.SCORM_12, "2004": Standard.SCORM_2004_4TH}
both = pytest.mark.parametrize("standard", ["1.2", "2004"])
QUESTIONS = [
    "isobar-spacing",
    "around-a-low",
    "ship-pressure",
    "cold-front-signs",
    "front-signs",
    "warm-front-clouds",
]
PAGES = [
    (ZIPS["2004"], "intro.html"),
    (ZIPS["2004"], "pressure.html"),
    (ZIPS["2004"], "fronts.html"),
    (ZIPS["2004"], "quiz.html"),
    ("sequenced-scorm2004.zip", "welcome.html"),
    ("sequenced-scorm2004.zip", "pretest.html"),
    ("sequenced-scorm2004.zip", "wind.html"),
    ("sequenced-scorm2004.zip", "fog.html"),
    ("sequenced-scorm2004.zip", "storms.html"),
    ("sequenced-scorm2004.zip", "question.html?q=storms-3"),
    ("sequenced-scorm2004.zip", "refresher.html"),
    ("sequenced-scorm2004.zip", "result.html"),
]


def element(standard: str, name: str) -> str:
    """The element of one standard that has the 2004 name."""
    if standard == "2004":
        return name
    special = {"cmi.location": "cmi.core.lesson_location", "cmi.completion_status": "cmi.core.lesson_status"}
    special |= {"cmi.success_status": "cmi.core.lesson_status", "cmi.suspend_data": "cmi.suspend_data"}
    return special.get(name, name.replace("cmi.", "cmi.core.", 1))


def answer(frame: Frame, right: bool = True) -> None:
    """Answer the question on screen as a learner would, rightly or wrongly."""
    question = frame.locator("[data-test=question]")
    kind = question.get_attribute("data-kind")
    wanted = (question.get_attribute("data-answer") or "").split(",")
    if kind in ("choice", "true-false"):
        for option in question.locator("input").all():
            good = option.get_attribute("value") in wanted
            if option.get_attribute("type") == "checkbox":
                option.set_checked(good if right else not good)
            elif good is right:
                option.check()
    elif kind == "matching":
        for pair, select in zip(wanted, question.locator("select").all(), strict=True):
            select.select_option(pair.partition(".")[2] if right else "a")
    elif kind == "numeric":
        question.locator("input").fill(wanted[0] if right else "1")
    else:
        order = wanted if right else wanted[::-1]
        for position, item in enumerate(order):
            while question.locator("li").nth(position).get_attribute("data-value") != item:
                question.locator(f"li[data-value={item}] [data-test=move-up]").click()


def answer_all(frame: Frame, wrong: Collection[str] = ()) -> None:
    """Answer the whole quiz and hand it in."""
    for number, identifier in enumerate(QUESTIONS, 1):
        frame.wait_for_selector(f"[data-question={identifier}]")
        answer(frame, identifier not in wrong)
        frame.click("[data-test=next]" if number < len(QUESTIONS) else "[data-test=submit]")
    frame.wait_for_selector("[data-test=result]")


def interactions(values: dict[str, str]) -> list[dict[str, str]]:
    """The interactions as records, in order."""
    found: dict[int, dict[str, str]] = {}
    for name, value in values.items():
        if match := re.match(r"cmi\.interactions\.(\d+)\.(.+)", name):
            found.setdefault(int(match[1]), {})[match[2]] = value
    return [found[index] for index in sorted(found)]


def assert_conformant(standard: str, calls: list[list[str]]) -> None:
    """Every call the course made is one that a strict run-time answers with no error."""
    names = {"Initialize": "LMSInitialize", "Terminate": "LMSFinish"}
    model = CmiState(data_model(STANDARDS[standard]), {}, strictness=Strictness.CONFORMANT)
    api = ApiInstance(model, Hooks())
    for method, *arguments, answered in calls:
        name = method if standard == "2004" else names.get(method, f"LMS{method}")
        assert api.call(name, *arguments) == answered == "true", (method, arguments, api.last_error)
        assert api.last_error == "0", (method, arguments, api.last_error)


def resume(values: dict[str, str], standard: str) -> dict[str, str]:
    """What the learning system gives back to content that was suspended."""
    write_only = {"exit", "session_time"}
    kept = {name: value for name, value in values.items() if name.rpartition(".")[2] not in write_only}
    if standard == "1.2":
        kept = {name: value for name, value in kept.items() if not re.match(r"cmi\.interactions\.\d+\.(?!id)", name)}
    return kept | {element(standard, "cmi.entry"): "resume"}


@both
def test_the_intro_is_complete_when_it_was_shown_and_leads_on(bench: Any, standard: str) -> None:
    frame = bench.launch(ZIPS[standard], "intro.html", standard)
    frame.click("[data-test=finish]")
    values = bench.values()
    assert values[element(standard, "cmi.completion_status")] == "completed"
    assert values[element(standard, "cmi.exit")] == ("normal" if standard == "2004" else "")
    assert values.get("adl.nav.request") == ("continue" if standard == "2004" else None)
    told = "One moment" if standard == "2004" else "Choose the first lesson in the menu"
    assert told in frame.inner_text("[data-test=closed]")
    assert_conformant(standard, bench.calls())


@both
def test_a_lesson_is_complete_once_every_page_was_seen(bench: Any, standard: str) -> None:
    frame = bench.launch(ZIPS[standard], "pressure.html", standard)
    status = element(standard, "cmi.completion_status")
    for page in range(1, 4):
        assert bench.values()[status] == "incomplete"
        frame.click("[data-test=next]")
        assert frame.inner_text("[data-test=where]") == f"Page {page + 1} of 4"
    assert bench.values()[status] == "completed"
    if standard == "2004":
        measures = [call[2] for call in bench.calls("SetValue") if call[1] == "cmi.progress_measure"]
        assert measures == ["0.25", "0.5", "0.75", "1"]
    frame.click("[data-test=finish]")
    assert [call[0] for call in bench.calls()].count("Terminate") == 1
    assert_conformant(standard, bench.calls())


@both
def test_a_lesson_that_was_left_comes_back_to_its_page_with_its_picture_as_it_was(bench: Any, standard: str) -> None:
    frame = bench.launch(ZIPS[standard], "pressure.html", standard)
    frame.click("[data-test=next]")
    frame.click("[data-test=join]")
    frame.click("[data-test=next]")
    frame.locator("[data-test=boat]").focus()
    for _ in range(3):
        frame.page.keyboard.press("ArrowRight")
    values = bench.leave()
    assert values[element(standard, "cmi.location")] == "wind"
    assert values[element(standard, "cmi.exit")] == "suspend"
    form = r"PT\d+H\d+M[\d.]+S" if standard == "2004" else r"\d{4}:\d\d:\d\d\.\d\d"
    assert re.fullmatch(form, values[element(standard, "cmi.session_time")])
    assert [call[0] for call in bench.calls()][-1] == "Terminate"
    assert_conformant(standard, bench.calls())

    frame = bench.launch(ZIPS[standard], "pressure.html", standard, resume(values, standard))
    assert frame.inner_text("[data-test=where]") == "Page 3 of 4"
    assert "where you left off" in frame.inner_text("[data-test=notice]")
    assert frame.input_value("[data-test=boat]") == "11"
    frame.click("[data-test=back]")
    assert frame.is_disabled("[data-test=join]")
    assert frame.locator("#dots .isobar").count() > 8


@both
def test_the_quiz_records_every_answer_with_all_that_belongs_to_it(bench: Any, standard: str) -> None:
    frame = bench.launch(ZIPS[standard], "quiz.html", standard)
    answer_all(frame, wrong=["warm-front-clouds"])
    records = interactions(bench.values())
    is_2004 = standard == "2004"
    response = "learner_response" if is_2004 else "student_response"
    wrong = "incorrect" if is_2004 else "wrong"
    assert [record["id"] for record in records] == QUESTIONS
    assert [record["type"] for record in records] == [
        "choice",
        "true-false",
        "numeric",
        "choice",
        "matching",
        "sequencing",
    ]
    assert [record["correct_responses.0.pattern"] for record in records] == (
        ["b", "true", "1013[:]1015", "a[,]b[,]d", "1[.]b[,]2[.]a[,]3[.]c", "b[,]d[,]a[,]c"]
        if is_2004
        else ["b", "t", "1014", "a,b,d", "{1.b,2.a,3.c}", "b,d,a,c"]
    )
    assert [record[response] for record in records] == (
        ["b", "true", "1014", "a[,]b[,]d", "1[.]b[,]2[.]a[,]3[.]c", "c[,]a[,]d[,]b"]
        if is_2004
        else ["b", "t", "1014", "a,b,d", "{1.b,2.a,3.c}", "c,a,d,b"]
    )
    assert [record["result"] for record in records] == ["correct"] * 5 + [wrong]
    assert [record["objectives.0.id"] for record in records] == ["pressure"] * 3 + ["fronts"] * 3
    assert {record["weighting"] for record in records} == {"1"}
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\dZ" if is_2004 else r"\d\d:\d\d:\d\d\.\d\d"
    span = r"PT0H0M[\d.]+S" if is_2004 else r"0000:00:\d\d\.\d\d"
    for record in records:
        assert re.fullmatch(stamp, record["timestamp" if is_2004 else "time"])
        assert re.fullmatch(span, record["latency"])
    assert ("isobars lie close together" in records[0].get("description", "")) is is_2004
    assert_conformant(standard, bench.calls())


@both
def test_five_right_answers_pass_and_the_score_says_so(bench: Any, standard: str) -> None:
    mark = {"cmi.scaled_passing_score": "0.8"} if standard == "2004" else {"cmi.student_data.mastery_score": "80"}
    frame = bench.launch(ZIPS[standard], "quiz.html", standard, mark)
    answer_all(frame, wrong=["ship-pressure"])
    values = bench.values()
    score = element(standard, "cmi.score")
    assert [values[f"{score}.{part}"] for part in ("raw", "min", "max")] == ["83.33", "0", "100"]
    assert values.get("cmi.score.scaled") == ("0.8333" if standard == "2004" else None)
    assert values[element(standard, "cmi.success_status")] == "passed"
    if standard == "2004":
        assert values["cmi.completion_status"] == "completed"
    state = "success_status" if standard == "2004" else "status"
    found = {values[f"cmi.objectives.{n}.id"]: values[f"cmi.objectives.{n}.{state}"] for n in (0, 1)}
    assert found == {"pressure": "failed", "fronts": "passed"}
    assert frame.locator("[data-test=again]").count() == 0
    assert "83 %" in frame.inner_text("[data-test=result]")
    frame.click("[data-test=finish]")
    assert bench.values().get("adl.nav.request") == ("exitAll" if standard == "2004" else None)
    assert bench.values()[element(standard, "cmi.exit")] == ("normal" if standard == "2004" else "")
    assert_conformant(standard, bench.calls())


@both
def test_a_failed_quiz_shows_what_was_wrong_and_can_be_tried_again(bench: Any, standard: str) -> None:
    frame = bench.launch(ZIPS[standard], "quiz.html", standard)
    answer_all(frame, wrong=["around-a-low", "front-signs"])
    assert bench.values()[element(standard, "cmi.success_status")] == "failed"
    assert frame.get_attribute("[data-test=result]", "data-result") == "failed"
    assert frame.locator("[data-test=review][data-result=incorrect][open]").count() == 2
    assert "Cold front" in frame.locator("[data-test=review][data-result=incorrect]").nth(1).inner_text()
    frame.click("[data-test=again]")
    answer_all(frame)
    values = bench.values()
    assert values[element(standard, "cmi.success_status")] == "passed"
    assert values[f"{element(standard, 'cmi.score')}.raw"] == "100"
    assert [record["id"] for record in interactions(values)] == QUESTIONS * 2
    assert_conformant(standard, bench.calls())


@both
def test_a_quiz_that_was_left_halfway_keeps_its_answers(bench: Any, standard: str) -> None:
    frame = bench.launch(ZIPS[standard], "quiz.html", standard)
    answer(frame)
    frame.click("[data-test=next]")
    answer(frame)
    frame.click("[data-test=next]")
    values = bench.leave()
    assert values[element(standard, "cmi.location")] == "ship-pressure"
    assert values[element(standard, "cmi.exit")] == "suspend"
    assert interactions(values) == []
    frame = bench.launch(ZIPS[standard], "quiz.html", standard, resume(values, standard))
    assert frame.get_attribute("[data-test=question]", "data-question") == "ship-pressure"
    frame.click("[data-test=back]")
    assert frame.is_checked("input[value=t]")


def test_a_quiz_that_was_handed_in_comes_back_with_its_result(bench: Any) -> None:
    frame = bench.launch(ZIPS["2004"], "quiz.html")
    answer_all(frame)
    values = bench.leave()
    frame = bench.launch(ZIPS["2004"], "quiz.html", "2004", resume(values, "2004"))
    assert frame.get_attribute("[data-test=result]", "data-result") == "passed"
    assert len(interactions(bench.values())) == 6


def test_an_open_question_keeps_the_quiz_from_being_handed_in(bench: Any) -> None:
    frame = bench.launch(ZIPS["2004"], "quiz.html")
    for _ in range(5):
        frame.click("[data-test=next]")
    assert frame.is_disabled("[data-test=submit]")
    assert frame.inner_text("[data-test=open]") == "5 questions are still open."


def test_the_keyboard_alone_is_enough(bench: Any) -> None:
    frame = bench.launch(ZIPS["2004"], "pressure.html")
    keyboard = frame.page.keyboard
    frame.locator("h2").first.focus()
    keyboard.press("ArrowRight")
    assert frame.evaluate("document.activeElement.textContent") == "Joining the dots"
    keyboard.press("ArrowLeft")
    assert frame.evaluate("document.activeElement.textContent") == "Air has weight"

    frame = bench.launch(ZIPS["2004"], "quiz.html")
    for _ in range(5):
        frame.click("[data-test=next]")
    frame.locator("li[data-value=b] [data-test=move-up]").focus()
    keyboard = frame.page.keyboard
    keyboard.press("Enter")
    assert frame.evaluate("[...document.querySelectorAll('li')].map(e => e.dataset.value).join('')") == "bacd"
    assert frame.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Move Cirrus: white feathers")


@pytest.mark.parametrize(("course", "href"), PAGES)
def test_every_page_can_be_read_on_a_narrow_phone_without_a_learning_system(bench: Any, course: str, href: str) -> None:
    frame = bench.launch(course, href, None, viewport={"width": 320, "height": 600}, color_scheme="dark")
    while True:
        assert frame.locator("h2:visible").count() == 1
        assert frame.evaluate("document.documentElement.scrollWidth") <= 320
        nameless = frame.evaluate(
            """[...document.querySelectorAll("img, svg, button, select, input")].filter((node) => {
              if (node.closest("[aria-hidden=true]")) return false;
              if (node.tagName === "IMG") return !node.alt;
              if (node.tagName === "svg") return !node.closest("[role=img][aria-label], label, .picture");
              if (node.tagName === "BUTTON") return !(node.textContent.trim() || node.getAttribute("aria-label"));
              return !node.labels?.length;
            }).map((node) => node.outerHTML.slice(0, 90))"""
        )
        assert nameless == []
        further = frame.locator("[data-test=next]")
        if further.count() == 0:
            break
        further.click()


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"),
        ("ink", "surface"),
        ("ink", "tint"),
        ("soft", "paper"),
        ("soft", "surface"),
        ("accent", "paper"),
        ("accent", "surface"),
        ("on-accent", "accent"),
        ("good", "good-tint"),
        ("bad", "bad-tint"),
        ("isobar", "sea"),
        ("ink", "sky"),
    ],
)
def test_text_stands_out_from_its_ground(scheme: int, text: str, ground: str) -> None:
    style = (ROOT / "examples" / "courses" / "shared" / "course.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[scheme]))
    assert _contrast(colours[text], colours[ground]) >= 4.5


def test_the_pre_test_tells_the_sequencing_what_is_known(bench: Any) -> None:
    frame = bench.launch("sequenced-scorm2004.zip", "pretest.html")
    answer(frame, right=True)
    frame.click("[data-test=next]")
    answer(frame, right=False)
    frame.click("[data-test=next]")
    answer(frame, right=True)
    frame.click("[data-test=submit]")
    values = bench.values()
    status = {values[f"cmi.objectives.{n}.id"]: values[f"cmi.objectives.{n}.success_status"] for n in range(3)}
    assert status == {"wind": "passed", "fog": "failed", "storms": "passed"}
    assert values["cmi.completion_status"] == "completed"
    assert "cmi.success_status" not in values
    assert "cmi.score.scaled" not in values
    assert frame.locator("[data-test=subject][data-known=true]").count() == 2
    frame.click("[data-test=finish]")
    assert bench.values()["adl.nav.request"] == "continue"
    assert_conformant("2004", bench.calls())


def test_the_pre_test_opens_the_way_to_the_test_when_all_is_known(bench: Any) -> None:
    frame = bench.launch("sequenced-scorm2004.zip", "pretest.html")
    for control in ("next", "next", "submit"):
        answer(frame)
        frame.click(f"[data-test={control}]")
    values = bench.values()
    assert (values["cmi.objectives.3.id"], values["cmi.objectives.3.success_status"]) == ("ready", "passed")


@pytest.mark.parametrize("right", [True, False])
def test_a_question_of_the_test_scores_itself_and_moves_on(bench: Any, right: bool) -> None:
    frame = bench.launch("sequenced-scorm2004.zip", "question.html?q=fog-3")
    answer(frame, right)
    frame.click("[data-test=submit]")
    values = bench.values()
    assert values["cmi.score.scaled"] == ("1" if right else "0")
    assert values["cmi.success_status"] == ("passed" if right else "failed")
    assert [record["id"] for record in interactions(values)] == ["fog-3"]
    frame.click("[data-test=finish]")
    assert bench.values()["adl.nav.request"] == "continue"
    assert_conformant("2004", bench.calls())


def test_the_refresher_shows_only_what_was_not_known(bench: Any) -> None:
    known = {"wind": "passed", "fog": "failed", "storms": "unknown"}
    values = {f"cmi.objectives.{n}.id": name for n, name in enumerate(known)}
    values |= {f"cmi.objectives.{n}.success_status": status for n, status in enumerate(known.values())}
    frame = bench.launch("sequenced-scorm2004.zip", "refresher.html", "2004", values)
    shown = frame.eval_on_selector_all("[data-test=refresh]", "nodes => nodes.map(n => n.dataset.subject)")
    assert shown == ["fog", "storms"]
    frame.click("[data-test=finish]")
    assert bench.values()["adl.nav.request"] == "continue"


def test_the_result_ends_the_course(bench: Any) -> None:
    values = {"cmi.objectives.0.id": "test", "cmi.objectives.0.success_status": "passed"}
    frame = bench.launch("sequenced-scorm2004.zip", "result.html", "2004", values)
    assert frame.get_attribute("[data-test=result]", "data-result") == "passed"
    frame.click("[data-test=finish]")
    assert bench.values()["adl.nav.request"] == "exitAll"
