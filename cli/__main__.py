"""`python -m metaplast.cli` is `metaplast`."""

from . import main

if __name__ == "__main__":
    main()
