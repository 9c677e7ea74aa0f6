"""What paints. `base` is the interface; each engine has a room of its own and knows no other."""
