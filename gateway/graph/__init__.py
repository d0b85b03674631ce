"""API-format prompts: values, patching, node definitions, checks. Knows no file, clock or network."""
