"""Stand-ins for other packages: ``fastgrad run`` serves them to programs under their usual names."""
