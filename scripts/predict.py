#!/usr/bin/env python3
"""Tag texts: the same as ``marsad predict``, for those who look for a script."""

from __future__ import annotations

import typer

from train.cli import main
from train.cli_predict import predict

if __name__ == "__main__":
    main(lambda: typer.run(predict))
