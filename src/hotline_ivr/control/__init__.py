"""What people decide while the hotline runs: overrides, tokens, and the trail of who did what."""
