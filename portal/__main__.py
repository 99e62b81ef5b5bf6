"""Run the command line: ``portal``, or ``python -m portal``.

The garbage collector is off while modules are imported, and no longer looks through them
afterwards: they never become garbage. Then it looks for garbage less often than by default
(docs/decisions/0005).
"""

import gc
import sys

gc.disable()

from portal.commands import import_nouns, main  # noqa: E402

import_nouns(sys.argv[1:])
gc.freeze()
gc.set_threshold(10_000, 20, 50)
gc.enable()

if __name__ == "__main__":
    sys.exit(main())
