"""The editor's save format and how it becomes a prompt, as the official frontend converts it."""
