"""The door to whoever prices and issues: our own catalogue, or a remote platform."""
