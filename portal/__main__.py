"""``python -m portal`` is ``portal``: the command line, imported without a look for garbage.

What is imported stays, and to look through it again and again is a tenth of a start.
"""

import gc
import sys

gc.disable()

from portal.commands import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    sys.exit(main())
