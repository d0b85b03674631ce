"""Jobs that outlast the process: SQLite in a file, PostgreSQL by URL, one set of statements."""
