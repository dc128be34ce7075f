"""A GGUF model that scores candidates by what stands before them."""
