"""What may go wrong, and what is said of it in the pod's log."""

OK, RETRY, GIVE_UP = 0, 1, 2  # exit statuses: done; try again later; trying again cannot help


class PrefetchError(Exception):
    """The files cannot be had; ``code`` is the exit status, the message is safe to show."""

    def __init__(self, message: str, code: int = GIVE_UP) -> None:
        """Keep the message and the exit status."""
        super().__init__(message)
        self.code = code


class InterruptedTransferError(Exception):
    """A transfer that may succeed when it is tried again, ``after`` seconds later."""

    def __init__(self, message: str, after: float = 0) -> None:
        """Keep the message and the wished wait."""
        super().__init__(message)
        self.after = after


def say(text: str) -> None:
    """Print a line to the pod's log at once."""
    print(f"slipway: {text}", flush=True)  # noqa: T201 - the pod's log is its output
