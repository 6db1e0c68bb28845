"""One's own page and pages that suit the error, as a person sees them."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from browser.tab import Tab
from modicum.demo import Oracle

OpenTab = Callable[[], Tab]


def test_a_person_reads_how_far_suggestions_pull_them(open_tab: OpenTab) -> None:
    tab = open_tab()
    slug = tab.server.new_project("Anchored")
    policy = tab.server.client.get(f"/projects/{slug}")["project"]["policy"]
    arms = {"recognised": "auto", "seeded_rate": 0.2, "blind_rate": 0.4}
    tab.server.client.patch(f"/projects/{slug}", {"policy": {**policy, **arms}})
    tab.go(f"/p/{slug}/annotate")
    tab.page.get_by_role("link", name="You").click()
    main = tab.page.locator("main")
    expect(main.get_by_text("You have not labeled anything here yet")).to_be_visible()
    expect(main.get_by_text("with a planted suggestion: none of about 40 yet")).to_be_visible()

    oracle = Oracle(tab.server.client, slug, tab.server.truth)
    oracle.label(30, pause=15)  # a model, and from then on answers as fast as they are taken
    oracle.label(200, pause=100)
    tab.page.reload()
    expect(main.get_by_text(re.compile(r"^You have answered \d+ questions here"))).to_be_visible()
    enough = r"\d+ of \d+ planted suggestions (?:was|were) followed; blind, \d+ of \d+ gave the same"
    soon = r"with a planted suggestion: [1-9]\d of about 40"  # chance decides how many were planted
    expect(main.get_by_text(re.compile(f"{enough}|{soon}"))).to_be_visible()
    expect(main.get_by_text("20% of suggestions are wrong on purpose")).to_be_visible()


def test_a_page_has_the_size_somebody_chose(open_tab: OpenTab) -> None:
    tab = open_tab()
    slug = tab.server.new_project("Sized")
    oracle = Oracle(tab.server.client, slug, tab.server.truth)
    oracle.label(60, pause=20)
    oracle.settle()
    view = tab.server.client.get(f"/projects/{slug}/validate")
    most = max(view["classes"], key=lambda entry: sum(entry["histogram"]))
    assert sum(most["histogram"]) > 12
    tab.go(f"/p/{slug}/validate")
    tab.page.get_by_role("slider").fill("0")
    tab.page.get_by_label("A page").select_option("12")
    tab.page.get_by_label("Suggested class").get_by_role("button").nth(most["class_id"]).click()
    expect(tab.page.get_by_role("option", selected=None).and_(tab.page.locator("[role=option]"))).to_have_count(12)
    tab.page.reload()
    expect(tab.page.get_by_label("A page")).to_have_value("12")
