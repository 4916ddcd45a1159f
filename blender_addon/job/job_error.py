"""What a person can mend: a job, an option or a folder that is wrong."""


class JobError(Exception):
    """A mistake in a job, an option or a folder; the message is one line that says what, where and what to do."""
