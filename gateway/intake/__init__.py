"""From a workflow to a service: what callers may set, and how services.yaml says it. Knows no file, clock or network."""
