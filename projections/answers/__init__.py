"""Answers from the views: typed values out, each query on an index; connections: ``store.reading``."""
