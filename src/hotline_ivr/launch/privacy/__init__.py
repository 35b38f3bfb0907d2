"""What is known of persons: how long it is kept, shown to the person, and taken away."""
