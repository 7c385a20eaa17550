"""What can go wrong by a user's hand; every message is one sentence that names the way out."""


class MetaplastError(Exception):
    """Base of every error that Metaplast raises on purpose."""


class ConfigurationError(MetaplastError, ValueError):
    """A network, a plan or an option asks for what cannot be."""


class DataError(MetaplastError, ValueError):
    """A data set, a sample or a label is not what it should be."""


class ModelFileError(MetaplastError):
    """A model file is damaged, too new, or inconsistent."""
