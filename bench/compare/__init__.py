"""What scripts/bench is made of: the peers, the table, one module for each suite."""
