"""What a command changes: preview, transactions, journal and undo (still empty: commands run without them)."""
