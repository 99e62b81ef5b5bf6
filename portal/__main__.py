"""``python -m portal`` is ``portal``: the command line."""

import sys

from portal.commands import main

if __name__ == "__main__":
    sys.exit(main())
