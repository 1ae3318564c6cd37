"""The error of this room."""


class WeightsError(Exception):
    """A model file is missing, damaged or foreign; the message is one line that names the file and the mend."""
