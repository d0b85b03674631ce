"""Fetch: opens what a caller's file argument refers to, guarded. Knows no jobs and no ComfyUI."""
