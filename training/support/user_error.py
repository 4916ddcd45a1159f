class UserError(Exception):
    """A user's mistake. The message is one line: what is wrong, where, and what to do."""
