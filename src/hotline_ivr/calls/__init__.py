"""The shell's loops: answering asks, watching the floor, keeping the record."""
