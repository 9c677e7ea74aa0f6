"""From what a person writes to a recipe, word by word, without a language model."""
