"""`python -m lotse.router` runs the service."""

from lotse.router.app import main

main()
