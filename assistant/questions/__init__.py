"""A question, read from its words: what it asks for, of which papers, in which order, and what it leans on."""
