"""The one expected error of this package."""


class CheckpointError(ValueError):
    """A checkpoint, its statistics or its description cannot be exported; the message says why and what to change."""
