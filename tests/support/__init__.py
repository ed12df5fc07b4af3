"""What several test files share; README.md in the folder above says what is where."""
