"""Files and environment of a project: services.yaml, workflows/, schemas/. Holds no rules of its own."""
