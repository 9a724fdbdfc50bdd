"""A library on disk: the catalogue, which is the record, and the indexes that follow it."""
