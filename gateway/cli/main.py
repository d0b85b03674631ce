"""The entry point: loads the one command that is asked for, and nothing else.

An editor starts `gateway serve` anew for each of its windows, so what is not needed for it is not
imported: not even the command line's own library, unless the options want explaining.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from typing import cast

from gateway.cli.loading import load
from gateway.cli.serve_options import ServeOptions, read_plainly

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0 clean, 1 findings or a failed run, 2 wrong use.

    Args:
        arguments: Without the program's name; None takes the process's own.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    gc.disable()  # imports leave hardly any garbage; looking for it costs tens of milliseconds
    options = read_plainly(words)
    if options is not None:
        serve = cast("Callable[[ServeOptions], int]", load("gateway.cli.serving", "serve"))
        return serve(options)
    run = cast("Callable[[Sequence[str]], int]", load("gateway.cli.app", "run"))
    return run(words)


if __name__ == "__main__":
    sys.exit(main())
