"""HTTP in, HTTP out: HTML for the shopper, JSON for the partner's backend."""
