"""What crosses ComfyUI's HTTP and WebSocket, as values. Knows no socket, loop or clock."""
