"""Context to candidates: language models, generators and spellers."""
