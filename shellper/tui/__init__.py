"""The Textual app (still empty: `shellper` without a request is the plain conversation)."""
