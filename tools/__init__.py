"""External programs, the cache of what they build, and templates of text."""
