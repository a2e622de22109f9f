"""`python -m lotse.sla`."""

from lotse.sla.app import main

main()
