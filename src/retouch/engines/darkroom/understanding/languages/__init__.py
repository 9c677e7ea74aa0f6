"""Instructions in other languages than English: each is turned into plain English, word by word, or refused."""
