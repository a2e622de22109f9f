"""Where the recorded payloads stand, and accounts to read them with."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
