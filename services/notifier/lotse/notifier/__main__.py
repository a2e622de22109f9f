"""`python -m lotse.notifier` runs the service."""

from lotse.notifier.app import main

main()
