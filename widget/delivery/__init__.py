"""The door to customers and partners who wait for a message."""
