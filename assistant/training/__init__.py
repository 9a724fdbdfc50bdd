"""Training of the two data files that the package ships: the byte-pair vocabulary and the static sentence embedding.

Nothing in here is imported when the assistant runs. The modules need the training extra (tokenizers, torch and more);
each file is made by one command: `python -m assistant.training.vocabulary`, `python -m assistant.training.embedding`.
"""
