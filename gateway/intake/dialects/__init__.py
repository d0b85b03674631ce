"""What other gateways and web front ends say of a workflow → services of ours. Pure."""
