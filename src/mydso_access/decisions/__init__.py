"""Pure decisions: (facts, policy, now) -> a value from a closed union. A prohibition is a line here."""
