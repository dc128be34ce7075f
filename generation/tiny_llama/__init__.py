"""The small llama that ships: what it reads, its network, its training, and its file."""
