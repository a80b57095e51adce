"""The door to the database: what must not be lost."""
