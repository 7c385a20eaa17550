"""Files on disk: saved models, untrusted NumPy archives, atomic writing."""
