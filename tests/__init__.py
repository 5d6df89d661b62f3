"""What is not a KUnit test; each part has its own runner."""
