"""`python -m lotse.desk`."""

from lotse.desk.app import main

main()
