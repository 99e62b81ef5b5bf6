"""``python -m portal`` is ``portal``."""

import sys

from portal.commands import main

sys.exit(main())
