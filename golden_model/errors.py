"""Exceptions for errors that a user can cause; each message names the value and the way out."""

__all__ = ["ConfigurationError", "DataError", "MetaplastError", "ModelFileError"]


class MetaplastError(Exception):
    """Base class of all exceptions that Metaplast raises for a user's errors."""


class ConfigurationError(MetaplastError, ValueError):
    """A network, a plan or an option has a value that is not allowed."""


class DataError(MetaplastError, ValueError):
    """A data set, a sample or a label breaks a rule."""


class ModelFileError(MetaplastError):
    """A model file is damaged, of a newer format, or inconsistent, or cannot be written."""
