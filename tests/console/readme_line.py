"""Start the console as its README line does, ask for the sign-in page until it is there, and stop it."""

import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

PATIENCE = 60.0  # seconds, the seeding included
PORT = "8765"

database = Path(sys.argv[1]).resolve()
command = [sys.executable, "-m", "examples.console", "--database", f"sqlite:///{database}", "--port", PORT]
end = time.monotonic() + PATIENCE
with subprocess.Popen(command) as console:
    try:
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{PORT}/") as page:
                    assert b"<h1" in page.read()
                break
            except URLError:
                assert console.poll() is None, "it ended"
                assert time.monotonic() < end, "it does not answer"
                time.sleep(0.2)
    finally:
        console.terminate()
