"""``python -P -m hoofprint``: the same as the command ``hoofprint``."""

from hoofprint.rooms import command

if __name__ == "__main__":
    command()
