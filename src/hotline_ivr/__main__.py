"""`python -m hotline_ivr` is `hotline`."""

from hotline_ivr.cli.main import main

main()
