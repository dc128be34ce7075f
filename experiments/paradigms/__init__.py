"""How each paradigm is put together: what is shown, who decodes it, and how that decoder learns the person."""
