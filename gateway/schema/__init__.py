"""JSON Schemas of tools: derived, written down, compared. Knows no file, clock or network."""
