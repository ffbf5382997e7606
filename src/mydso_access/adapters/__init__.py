"""What the ports and repositories are made of."""
