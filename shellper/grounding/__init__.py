"""Grounding: what a call of the model gives way to, by the disk, by what was shown, and by the user's own words."""
