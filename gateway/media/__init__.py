"""Media: previews and sizes of pictures. Knows no jobs, stores or network."""
