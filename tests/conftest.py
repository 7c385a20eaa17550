"""What holds for every test."""

import signal

from hypothesis import settings

# A slow machine is no failure, and a failure prints how to replay it.
settings.register_profile("metaplast", deadline=None, print_blob=True)
settings.load_profile("metaplast")

# Shells start background jobs deaf to Ctrl-C, and their children inherit that, among them the
# commands to which tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
