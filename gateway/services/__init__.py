"""What services.yaml means: declarations, their binding to prompts, arguments. Knows no file, clock or network."""
