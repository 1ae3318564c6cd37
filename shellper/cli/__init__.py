"""The command line: the one-shot, the line-based conversation, the subcommands, and the exit codes."""
