"""What asv runs over the commits; see asv.conf.json."""
