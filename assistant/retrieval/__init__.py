"""From a question to ranked passages: candidates, a second reading of the best, and their order."""
