"""A ComfyUI look-alike over real HTTP and WebSocket. Of ours it knows `graph` and `errors` only."""
