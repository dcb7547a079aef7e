"""`python -m softntk` is the command line."""

from softntk.cli.app import main

if __name__ == "__main__":
    main()
