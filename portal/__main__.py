"""Run the command line: ``portal``, or ``python -m portal``.

The garbage collector is off while modules are imported, and no longer looks through them
afterwards: they never become garbage (docs/decisions/0005).
"""

import gc
import sys

gc.disable()

from portal.commands import import_nouns, main  # noqa: E402

import_nouns(sys.argv[1:])
gc.freeze()
gc.enable()

if __name__ == "__main__":
    sys.exit(main())
