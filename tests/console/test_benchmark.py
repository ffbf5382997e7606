"""What measures the console's pages looks at the pages that the browser tests look at."""

from tests.benchmarks.console import measure, windows
from tests.browser.scenes import PLAIN


def test_every_plain_page_can_be_measured(console):
    measured = [(scene, len(measure(client, scene.path, requests=1))) for client, scene in windows(console.app)]
    assert [(scene, 1) for scene in PLAIN] == measured
