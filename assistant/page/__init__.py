"""What the page shows, as HTML and Markdown strings: every text of a paper, a model or a user is escaped here."""
