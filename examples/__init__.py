"""Small programs to read and run: each is a lesson on numbers that know their gradients."""
