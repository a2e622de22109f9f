"""`python -m lotse.ingest` runs the service."""

from lotse.ingest.app import main

main()
