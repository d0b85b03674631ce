"""Dispatch and progress over many machines, on PostgreSQL: procrastinate and NOTIFY."""
