"""Making a bare machine ready: Asterisk, prompts, music."""
