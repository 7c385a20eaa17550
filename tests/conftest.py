"""What holds for every test."""

from hypothesis import settings

# A slow machine is no failure, and a failure prints how to replay it.
settings.register_profile("metaplast", deadline=None, print_blob=True)
settings.load_profile("metaplast")
