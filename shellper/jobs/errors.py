"""What goes wrong with background jobs."""


class JobsError(Exception):
    """A job can't be kept, found or ended; the message is one line that names what is wrong and the mend."""
