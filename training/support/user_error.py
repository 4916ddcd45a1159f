class UserError(Exception):
    """A mistake of the user's: its message is the one line that says what is wrong, where, and what to do."""
