"""What runs beside a job: launcher, transfer, integrity; standard library only, CPython 3.6 and newer.

It ships as one file (`bundle.build_worker`) that a compute node runs as `python3 -I worker.pyz run ORDER`.
"""

VERSION = "0.1.0"
