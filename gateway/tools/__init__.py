"""Tools: definition and call, for services and built-in ones alike; for MCP, the command line and programs."""
