"""From a question and its passages to an answer: whether to give one, and what it says."""
