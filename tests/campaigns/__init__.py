"""Far more random input than the suite has; campaign.py says how one runs."""
