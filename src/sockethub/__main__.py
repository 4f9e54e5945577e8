"""``python -m sockethub``."""

from sockethub.cli import main

if __name__ == "__main__":
    main()
