"""`python -m lotse.sentiment` runs the service."""

from lotse.sentiment.app import main

main()
