"""The pods' command: what to do is the one argument, else what the environment says."""

import os
import sys

from .run import main

if __name__ == "__main__":
    told = {"SLIPWAY_MODE": sys.argv[1]} if len(sys.argv) > 1 else {}
    sys.exit(main({**os.environ, **told}))
