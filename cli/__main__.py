"""Run the command line as `python -m metaplast.cli`."""

from . import main

if __name__ == "__main__":
    main()
