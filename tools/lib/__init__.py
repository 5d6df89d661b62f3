"""What the verbs, tests/ and bench/ share."""
