"""The door for MCP clients: one server object over stdio and streamable HTTP, in both protocol eras."""
