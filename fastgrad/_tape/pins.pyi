# Importing it is all that Python does with it.
