"""Storage: callers' inputs and runs' outputs, as objects in a local folder. Knows no jobs and no network."""
