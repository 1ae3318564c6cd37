"""The Textual app: screens, widgets and messages that draw proposals, decisions and outcomes of the session."""
