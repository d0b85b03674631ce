"""A ComfyUI as a backend: its HTTP and its WebSocket. Knows no service, job or tool."""
