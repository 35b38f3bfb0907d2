"""YAML to a checked, immutable plan."""
