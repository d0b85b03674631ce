"""Any ComfyUI workflow, published as a typed MCP tool by a few lines of YAML."""

__all__ = ["__version__"]

__version__ = "0.1.0"
