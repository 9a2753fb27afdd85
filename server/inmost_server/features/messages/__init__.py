"""Messages: sealed bytes with a number, receipts that replace one another, signals that are never stored."""
