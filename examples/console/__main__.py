"""Starts the console: `python -m examples.console`, from the folder that holds `examples`."""

import argparse
import logging

import uvicorn

from examples.console.app import create_app
from examples.console.seed import PASSWORD, SHOWN_LOGINS, seed


def main() -> None:
    """Read the options, seed the demonstration, serve it."""
    parser = argparse.ArgumentParser(prog="python -m examples.console", description="A console to touch.")
    parser.add_argument("--database", default="sqlite:///console.db", metavar="URL", help="as SQLAlchemy writes it")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--url", default="", help="where people reach it, if a proxy is in front: for links in mails")
    parser.add_argument(
        "--trusted-proxy", action="append", default=[], metavar="ADDRESS", help="a proxy in front of it"
    )
    options = parser.parse_args()

    logging.basicConfig(level=logging.INFO, format="%(levelname)s:     %(message)s")
    url = options.url.rstrip("/") or f"http://127.0.0.1:{options.port}"
    app = create_app(options.database, trusted_proxies=options.trusted_proxy, base_url=url)
    print("Making the demonstration, which takes some seconds the first time ...", flush=True)
    seed(app.state.console)
    print(f"\n{url}   (stop it with Ctrl+C)\n\nEverybody's password is {PASSWORD}\n")
    for name, about in SHOWN_LOGINS:
        print(f"  {name:16} {about}")
    print(f"\nMessages go to {url}/mailbox\n", flush=True)
    # The library says itself whose `X-Forwarded-For` counts; and an access log would hold the tokens of links.
    uvicorn.run(app, host="127.0.0.1", port=options.port, proxy_headers=False, server_header=False, access_log=False)


if __name__ == "__main__":
    main()
