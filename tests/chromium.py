"""A real browser for tests of pages: Chromium, driven by Playwright, against a real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from servers import served

REQUIRED = "browser" in os.environ.get("TEST_REQUIRE", "").split(",")
"""Whether the absence of a browser fails instead of skipping."""

if REQUIRED:
    import playwright.sync_api as driver
else:
    driver = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect, Page = driver.expect, driver.Page
__all__ = ["PHONE", "Page", "expect", "launched", "nameless", "pale", "served", "visitors"]

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "locale": "zh-CN",
}
"""Options of a browser context that is a small phone."""

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
_FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

_CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const part = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = (element) => {
    const colour = numbers(getComputedStyle(element).backgroundColor);
    return colour[3] === 0 ? ground(element.parentElement) : colour;
  };
  const found = [];
  const look = (element, pseudo, text) => {
    const [a, b] = [numbers(getComputedStyle(element, pseudo).color), ground(element)].map(light);
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text]);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    if (data.trim() && parentElement.checkVisibility()) look(parentElement, null, data.trim());
  }
  for (const input of document.querySelectorAll("[placeholder]")) look(input, "::placeholder", input.placeholder);
  return found;
}"""


@contextmanager
def launched() -> Iterator[Any]:
    """The browser; skips where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None and not REQUIRED:
        pytest.skip("no Chromium on this machine")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@contextmanager
def visitors(browser: Any, url: str, *, tolerated: str = "\0") -> Iterator[Callable[..., Page]]:
    """A function that opens a page in a browser context of its own, a small phone unless its options say otherwise.

    :param tolerated: part of a complaint that is expected; any other in the browser's console fails the test.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def visit(**options: Any) -> Page:
        contexts.append(browser.new_context(**{"base_url": url, **PHONE, **options}))
        contexts[-1].set_default_timeout(10_000)
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        return page

    yield visit
    for context in contexts:
        context.close()
    unexpected = [complaint for complaint in complaints if tolerated not in complaint]
    assert unexpected == [], unexpected


def outline(page: Page) -> dict[str, Any]:
    """Language, number of titles and of main headings, and width in points, of which more than the viewport's means
    that the page scrolls sideways.
    """
    found = page.evaluate(
        "() => ({ lang: document.documentElement.lang, titles: Number(document.title !== ''), "
        "headings: document.querySelectorAll('h1').length, width: document.documentElement.scrollWidth })"
    )
    return dict(found)


def pale(page: Page) -> list[tuple[float, str]]:
    """The texts that stand out from their ground by less than 4.5 : 1, placeholders included."""
    found = page.evaluate(_CONTRASTS)
    assert found, "there is no text"
    return [(ratio, text) for ratio, text in found if ratio < 4.5]


def nameless(page: Page) -> list[Any]:
    """The controls that a screen reader would have no name for."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    roles = ("textbox", "radio", "button", "link", "DisclosureTriangle")
    controls = [node for node in tree if node.get("role", {}).get("value") in roles]
    assert controls, "there is no control"
    return [node for node in controls if not node["name"]["value"].strip()]
