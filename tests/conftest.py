"""What holds for every test."""

import signal

from hypothesis import settings

# Every run draws the same examples, on every machine, so that a change alone decides whether tests
# pass. `--hypothesis-profile=search` (make search) draws new ones, and prints how to replay what
# fails. A slow machine is no failure.
settings.register_profile("metaplast", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("metaplast")

# Shells start background jobs deaf to Ctrl-C, and their children inherit that, among them the
# commands to which tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
