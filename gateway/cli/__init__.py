"""The commands: each reads the project, calls the core and prints. The only package that knows a terminal."""
