"""What is where in a picture: the subject, its alpha, the sky, the faces."""
