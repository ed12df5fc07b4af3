"""Programs, flat steps over rows, and what runs them."""
