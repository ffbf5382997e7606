"""`python -m mydso_access` is `mydso-access`."""

import sys

from mydso_access.cli import main

if __name__ == "__main__":
    sys.exit(main())
