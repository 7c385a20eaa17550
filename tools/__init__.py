"""External programs, and the cache of what they build."""
