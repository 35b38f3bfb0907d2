"""`python -m hotline_ivr` is `hotline`."""

from hotline_ivr.cli import main

main()
