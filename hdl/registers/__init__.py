"""The register map of the trainer core, declared once."""
