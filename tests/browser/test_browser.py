"""There is a browser to test with; or it is said that there is none."""

from tests.browser import chromium


def test_there_is_a_browser_to_test_with():
    chromium.required()
    assert chromium.program() is not None
