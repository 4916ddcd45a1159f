"""The error for mistakes that users can correct: in a job, an option or a folder."""


class JobError(Exception):
    """A mistake in a job, an option or a folder; the message is one line with its place and, if possible, a remedy."""
