"""The one executor: accepts calls as jobs, runs them on backends, keeps what they leave. Knows no network library."""
