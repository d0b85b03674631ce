"""A small Python client of a gateway, over MCP: started as a program, or at a URL."""
